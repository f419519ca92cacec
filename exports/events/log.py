"""What a log of events is made of, and what a page of it is."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from exports.tables.rules import Rule


class Source(Protocol):
    """Where a segment's files are; the store is one."""

    def open(self, digest: str, /) -> BinaryIO:
        """Open a file, seekable."""

    def path(self, digest: str, /) -> Path | None:
        """Return where a file is on this machine, if it is."""


class Sort(StrEnum):
    TIME = "time"  # by the event's own time, then by sequence number
    ID = "id"  # by insertion time, which is by sequence number


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """The place of an event in an order."""

    at: int  # µs UTC: the event's time, or its insertion time
    seq: int


@dataclass(frozen=True, slots=True)
class SegmentRef:
    """Events that are kept in files, one sequence number after another."""

    first_seq: int
    rows: int
    min_time: int  # µs UTC, of the event times; without one it is the insertion time
    max_time: int
    min_inserted: int  # µs UTC
    max_inserted: int
    data: str  # digest of the Parquet file
    views: dict[str, str] = field(default_factory=dict)  # by Sort: digests, once built

    @property
    def last_seq(self) -> int:
        return self.first_seq + self.rows - 1

    def ends(self, sort: Sort) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return places in an order that no event is before or after."""
        if sort is Sort.TIME:
            ats = self.min_time, self.max_time
        else:
            ats = self.min_inserted, self.max_inserted
        return (ats[0], self.first_seq), (ats[1], self.last_seq)


@dataclass(frozen=True, slots=True)
class TailBatch:
    """Events of one small append that are in no segment yet."""

    first_seq: int
    rows: int
    inserted_us: int
    payload: bytes  # as `pack` made it

    @property
    def last_seq(self) -> int:
        return self.first_seq + self.rows - 1


@dataclass(frozen=True, slots=True)
class Log:
    """A stream as it stood at one moment: segments and tail, each by number, mixed."""

    segments: tuple[SegmentRef, ...]
    tail: tuple[TailBatch, ...]
    head: int  # the last sequence number; 0 means empty


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a log, all resolved.

    `start` and `end` bound the event time; sorted by id, the insertion time. Rules are
    joined by and. The events of one batch are asked for by their sequence numbers.
    """

    sort: Sort = Sort.TIME
    reverse: bool = False
    limit: int | None = None  # None: all, as a count asks
    start: int | None = None  # µs UTC, inclusive
    end: int | None = None  # µs UTC, exclusive
    keys: frozenset[str] | None = None  # None: all
    rules: tuple[Rule, ...] = ()
    after: Key | None = None  # only what comes after it in this order and direction
    min_seq: int = 0  # exclusive
    max_seq: int | None = None  # inclusive; None: the log's head
    # What the event time is within, in any order: inclusive, exclusive.
    times: tuple[int | None, int | None] = (None, None)

    @property
    def is_sifted(self) -> bool:
        """Tell whether events must be looked at one by one."""
        return bool(self.rules) or self.times != (None, None)


@dataclass(frozen=True, slots=True)
class Page:
    """What is known of a page besides its bytes."""

    rows: int
    first: Key | None
    last: Key | None
    more: bool  # another event is within the range, after this page
    size: int  # bytes of the gzip stream
    plain_size: int  # bytes of the JSON
