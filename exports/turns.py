"""How many previews a process makes at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from tasks.errors import Overloaded

# Each waits for a source in one of this process' threads: the rest are for others.
PREVIEWS_AT_ONCE = 6
_previews = BoundedSemaphore(PREVIEWS_AT_ONCE)


@contextmanager
def one_of_few() -> Iterator[None]:
    """Take a turn for as long as the block lasts.

    Raises:
        Overloaded: all are taken.
    """
    if not _previews.acquire(blocking=False):
        raise Overloaded("Too many previews are being made.", retry_after_s=2)
    try:
        yield
    finally:
        _previews.release()
