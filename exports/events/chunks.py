"""The parts of a log that are scanned together, with what bounds their events."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from exports.events.bounds import Bounds, Place, bounds_of
from exports.events.columns import Types
from exports.events.files import Files
from exports.events.layout import Group
from exports.events.log import Ask, Log, SegmentRef, Sort
from exports.events.names import AT, INSERTED, STAMP, TIME, is_internal
from exports.events.tail import tail_frame
from exports.events.times import stamp_text, us_text


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A segment or the tail, ready to be scanned."""

    rows: pl.LazyFrame
    types: Types  # of the keys that its events have
    stamp: pl.Expr  # the insertion time as text


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some neighbouring rows of a table."""

    table: Table
    first: int | None  # row; None: the whole table
    rows: int
    low: Place  # no event is before it
    high: Place  # nor after it
    min_seq: int
    max_seq: int


def chunks_of(log: Log, ask: Ask, files: Files) -> list[Chunk]:
    """Return what may hold events that are asked for."""
    bounds = bounds_of(log, ask)
    found = [
        chunk
        for ref in log.segments
        if not bounds.miss(*ref.ends(ask.sort), ref.first_seq, ref.last_seq)
        for chunk in segment_chunks(ref, ask.sort, files)
        if not bounds.miss(chunk.low, chunk.high, chunk.min_seq, chunk.max_seq)
    ]
    return [*found, *tail_chunks(log, ask.sort, bounds)]


def segment_chunks(ref: SegmentRef, sort: Sort, files: Files) -> Iterator[Chunk]:
    layout = files.layout(ref.data)
    at = pl.col(TIME if sort is Sort.TIME else STAMP).alias(AT)
    if ref.min_inserted == ref.max_inserted:
        stamp = pl.lit(us_text(ref.min_inserted))
    else:
        stamp = stamp_text(pl.col(STAMP))
    types = {**layout.keys, INSERTED: pl.String()}
    table = Table(files.scan(ref).with_columns(at), types, stamp)
    for group in layout.groups:
        first = ref.first_seq + group.first
        last = first + group.rows - 1
        low, high = group_ends(group, ref, sort)
        yield Chunk(
            table, group.first, group.rows, (low, first), (high, last), first, last
        )


def group_ends(group: Group, ref: SegmentRef, sort: Sort) -> Place:
    """Return the first and the last time of a group, or times outside of them."""
    stamps = group.stamps or (ref.min_inserted, ref.max_inserted)
    if sort is Sort.ID:
        return stamps
    times = [*(group.times or ()), *(stamps if group.untimed else ())]
    return min(times), max(times)


def tail_chunks(log: Log, sort: Sort, bounds: Bounds) -> Iterator[Chunk]:
    events = tail_frame(log.tail, bounds, sort)
    if not events.height:
        return
    types = {n: t for n, t in events.schema.items() if not is_internal(n)}
    table = Table(events.lazy(), types, pl.col(INSERTED))
    lowest, highest = events.select(pl.min(AT).alias("0"), pl.max(AT).alias("1")).row(0)
    first, last = log.tail[0].first_seq, log.tail[-1].last_seq
    low, high = (lowest, first), (highest, last)
    yield Chunk(table, None, events.height, low, high, first, last)
