"""How many downloads this process makes at once, per host and in all."""

from collections import Counter
from threading import Lock

PER_HOST = 16
IN_ALL = 48


class Berths:
    def __init__(self, *, per_host: int = PER_HOST, in_all: int = IN_ALL) -> None:
        self._per_host, self._in_all = per_host, in_all
        self._taken: Counter[str] = Counter()
        self._guard = Lock()

    def take(self, host: str) -> bool:
        """Take a place for a download from `host`, if one is free."""
        with self._guard:
            if self._taken.total() >= self._in_all:
                return False
            if self._taken[host] >= self._per_host:
                return False
            self._taken[host] += 1
            return True

    def leave(self, host: str) -> None:
        with self._guard:
            self._taken[host] -= 1
            if not self._taken[host]:
                del self._taken[host]


berths = Berths()
