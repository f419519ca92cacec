"""Which part of an order is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import polars as pl

from exports.events.log import Ask, Log
from exports.events.names import AT, SEQ

Place: TypeAlias = tuple[int, int]  # a Key, bare: there are many of them

MOST = 2**63 - 1
BEFORE_ALL, AFTER_ALL = (-MOST - 1, 0), (MOST, 0)


@dataclass(frozen=True, slots=True)
class Bounds:
    """All events between two places, both exclusive, with some sequence numbers."""

    low: Place
    high: Place
    min_seq: int  # exclusive
    max_seq: int  # inclusive

    def hold(self, low: Place, high: Place, min_seq: int, max_seq: int) -> bool:
        """Tell whether all events between two places are inside."""
        ordered = self.low < low and high < self.high
        return ordered and self.min_seq < min_seq and max_seq <= self.max_seq

    def miss(self, low: Place, high: Place, min_seq: int, max_seq: int) -> bool:
        """Tell whether all of them are outside."""
        apart = high <= self.low or self.high <= low
        return apart or max_seq <= self.min_seq or self.max_seq < min_seq

    def has(self, place: Place) -> bool:
        return self.low < place < self.high and self.min_seq < place[1] <= self.max_seq

    def exprs(self) -> Iterator[pl.Expr]:
        """Yield what is true of the events inside, by their places and numbers."""
        at, seq = pl.col(AT), pl.col(SEQ)
        if self.low != BEFORE_ALL:
            yield at >= self.low[0]
            yield (at > self.low[0]) | (seq > self.low[1])
        if self.high != AFTER_ALL:
            yield at <= self.high[0]
            yield (at < self.high[0]) | (seq < self.high[1])
        yield seq.is_between(self.min_seq, self.max_seq, closed="right")


def bounds_of(log: Log, ask: Ask) -> Bounds:
    low = BEFORE_ALL if ask.start is None else (ask.start, 0)
    high = AFTER_ALL if ask.end is None else (ask.end, 0)
    if ask.after and ask.reverse:
        high = min(high, (ask.after.at, ask.after.seq))
    elif ask.after:
        low = max(low, (ask.after.at, ask.after.seq))
    max_seq = log.head if ask.max_seq is None else min(ask.max_seq, log.head)
    return Bounds(low, high, ask.min_seq, max_seq)


def turned(place: Place) -> Place:
    """Return what stands for a place where an order is reversed, and back."""
    return -place[0], -place[1]
