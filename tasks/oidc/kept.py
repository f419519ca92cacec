"""A document of the provider's: fetched once for all threads, and kept."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from time import monotonic
from typing import Generic, TypeVar

from tasks.oidc.errors import IdpDown

T = TypeVar("T")

# A thread that waits for another's fetch gives up a little after that must end.
WAIT_S = 6.0
COOL_DOWN_S = 5.0  # after a failure nobody asks
SEEK_EVERY_S = 30.0  # whatever unknown keys are named
STALE_FOR_S = 24 * 3600.0  # a provider that is down is believed so long


class Kept(Generic[T]):
    """The value of `fetch`, good for a while, and longer while `fetch` fails."""

    def __init__(
        self,
        fetch: Callable[[], T],
        *,
        good_for_s: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._fetch = fetch
        self._good_for_s = good_for_s
        self._clock = clock
        self._value: tuple[T, float] | None = None  # and when it was fetched
        self._failed_at = self._sought_at = float("-inf")
        self._guard = threading.Lock()

    def get(self) -> T:
        """Return the value, which may be old while nobody can give a newer one.

        Raises IdpDown when there is none.
        """
        kept = self._value
        age_s = self._clock() - kept[1] if kept else float("inf")
        if kept is None or age_s > STALE_FOR_S:
            return self._first(kept)
        if age_s > self._good_for_s and self._guard.acquire(blocking=False):
            # One thread asks; the others go on with what there is.
            try:
                return self._renew()
            except IdpDown:
                pass
            finally:
                self._guard.release()
        return kept[0]

    def newer_than(self, seen: T) -> T:
        """Return what was fetched since `seen`, asking if nobody has asked lately.

        It may be `seen` itself. Raises IdpDown when the last asking failed.
        """
        with self._turn():
            if self._value and self._value[0] is not seen:
                return self._value[0]
            since_s = self._clock() - self._sought_at
            if since_s >= SEEK_EVERY_S:
                self._sought_at = self._clock()
                return self._renew()
            if self._failed_at >= self._sought_at:
                raise IdpDown(retry_after_s=ceil(SEEK_EVERY_S - since_s))
            return seen

    def _first(self, seen: tuple[T, float] | None) -> T:
        with self._turn():
            if self._value and self._value is not seen:
                return self._value[0]
            return self._renew()

    def _renew(self) -> T:
        left_s = self._failed_at + COOL_DOWN_S - self._clock()
        if left_s > 0:
            raise IdpDown(retry_after_s=ceil(left_s))
        try:
            value = self._fetch()
        except IdpDown:
            self._failed_at = self._clock()
            raise
        self._value = value, self._clock()
        return value

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._guard.acquire(timeout=WAIT_S):
            raise IdpDown(retry_after_s=1)
        try:
            yield
        finally:
            self._guard.release()
