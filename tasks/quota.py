"""What a client may have open: noted where work is taken in, told by the door."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

POLICY = "open-jobs"


class Noted:
    """The quota as last seen while a request was answered; unknown at first."""

    def __init__(self) -> None:
        self.limit: int | None = None
        self.used = 0

    def headers(self, *, retry_after_s: str = "") -> dict[str, str]:
        """Return `RateLimit` and its policy (draft-ietf-httpapi-ratelimit-headers).

        Nothing, if no work was asked for. There is no window: there is room again
        when a job ends, of which only a refusal can say when that may be.
        """
        if self.limit is None:
            return {}
        left = max(0, self.limit - self.used)
        later = f";t={retry_after_s}" if retry_after_s else ""
        return {
            "RateLimit-Policy": f'"{POLICY}";q={self.limit}',
            "RateLimit": f'"{POLICY}";r={left}{later}',
        }


_current: ContextVar[Noted | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Iterator[Noted]:
    """Give what is noted of the quota on this thread while the block lasts."""
    noted = Noted()
    token = _current.set(noted)
    try:
        yield noted
    finally:
        _current.reset(token)


def note(*, limit: int, used: int) -> None:
    if noted := _current.get():
        noted.limit, noted.used = limit, used
