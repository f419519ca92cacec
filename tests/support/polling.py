"""Waiting in tests: look again until it is so, but never for ever."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

T = TypeVar("T")
LOOK_EVERY_S = 0.01


def until(look: Callable[[], T], *, within_s: float, what: str) -> T:
    """Return the first true thing that `look` returns.

    Raises:
        AssertionError: there was none within `within_s`.
    """
    end = monotonic() + within_s
    while True:
        if found := look():
            return found
        if monotonic() > end:
            raise AssertionError(f"not within {within_s} s: {what}")
        sleep(LOOK_EVERY_S)
