"""Requests spaced within one process, where no database is at hand."""

from collections.abc import Callable
from time import monotonic


class OwnPace:
    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._last: dict[str, float] = {}

    def __call__(self, host: str, *, per_second: float, after_s: float = 0.0) -> float:
        """Take the next slot of a host; return the seconds until then."""
        at = self._now()
        earliest = self._last.get(host, float("-inf")) + 1 / per_second
        slot = self._last[host] = max(at + after_s, earliest)
        return slot - at
