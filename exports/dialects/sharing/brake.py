"""Refusing a client that hammers: what it was told is told again, without a look.

The downloader of the seed repeats what was refused at once and without an end.
"""

from time import monotonic

from tasks.dialects.call import Reply

GOOD_FOR_S = 0.5
MOST = 1_000


class Brake:
    """The refusals of the last moment, by whoever they were for."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[float, Reply]] = {}

    def reply_to(self, who: str) -> Reply | None:
        until, reply = self._told.get(who, (0.0, None))
        return reply if monotonic() < until else None

    def remember(self, who: str, reply: Reply) -> Reply:
        if len(self._told) >= MOST:
            self._told.clear()
        self._told[who] = (monotonic() + GOOD_FOR_S, reply)
        return reply


brake = Brake()
