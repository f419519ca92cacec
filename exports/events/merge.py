"""Pieces of a log, each in order, merged into one order.

A piece comes as heads. What touches no other piece goes on unopened; only where pieces
overlap are their events looked at one by one. Places are those of the direction: in
reverse both their numbers are negative, so that what is to come is always larger.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import TypeAlias

from exports.events.bounds import Place
from exports.events.index import Block, Index

Row: TypeAlias = tuple[Place, bytes]


@dataclass(frozen=True, slots=True)
class Standing:
    """A block that can be sent as it stands in its file."""

    digest: str
    index: Index
    at: int

    @property
    def block(self) -> Block:
        return self.index[self.at]


@dataclass(slots=True)
class Head:
    """The next events of a piece, none of which is outside of near and far."""

    near: Place
    far: Place
    rows: int  # at most
    open: Callable[[], list[Row]]
    block: Standing | None = None  # all of them, as they stand in a file


def head_of(rows: list[Row]) -> Head:
    return Head(rows[0][0], rows[-1][0], len(rows), lambda: rows)


def merged(pieces: Iterable[Iterator[Head]]) -> Iterator[Head]:
    fronts = [front for front in map(Front, pieces) if front.head]
    while fronts:
        fronts.sort(key=lambda front: front.near)
        first = fronts[0]
        touching = [front for front in fronts if front.near <= first.far]
        if len(touching) == 1:
            yield first.take()
        else:
            bound = min(front.far for front in touching)
            rows = sorted(chain.from_iterable(f.up_to(bound) for f in touching))
            if rows:
                yield head_of(rows)
        fronts = [front for front in fronts if front.head]


class Front:
    """Where a piece stands."""

    def __init__(self, heads: Iterator[Head]) -> None:
        self._heads = heads
        self.head = next(heads, None)

    @property
    def near(self) -> Place:
        return self._present.near

    @property
    def far(self) -> Place:
        return self._present.far

    @property
    def _present(self) -> Head:
        assert self.head is not None  # noqa: S101 - merged keeps no front without one
        return self.head

    def take(self) -> Head:
        head = self._present
        self.head = next(self._heads, None)
        return head

    def up_to(self, bound: Place) -> list[Row]:
        """Take the events that are not after a place."""
        rows = self._present.open()
        cut = bisect_right(rows, bound, key=itemgetter(0))
        self.head = head_of(rows[cut:]) if cut < len(rows) else next(self._heads, None)
        return rows[:cut]
