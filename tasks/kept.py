"""What a process has found out a moment ago, and need not look for again."""

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """What a function returned some seconds ago at most; one thread calls it."""

    def __init__(self, read: Callable[[], T], *, good_for_s: float) -> None:
        self._read, self._good_for_s = read, good_for_s
        self._lock = Lock()
        self._value: tuple[float, T] | None = None

    def get(self) -> T:
        with self._lock:
            if not self._value or monotonic() - self._value[0] > self._good_for_s:
                self._value = monotonic(), self._read()
            return self._value[1]

    def forget(self) -> None:
        self._value = None
