"""Segments made: of a large append, or of a tail and smaller segments."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import BinaryIO

import polars as pl

from exports.events.columns import Types, union
from exports.events.files import Files
from exports.events.log import SegmentRef, Source, TailBatch
from exports.events.names import ROW, SEQ, STAMP, TIME
from exports.events.segment_writer import SegmentWriter
from exports.events.steps import Work, in_steps
from exports.events.tail import timed, unpack
from exports.tables.spool import Spool


@dataclass(frozen=True, slots=True)
class Written:
    """A file of events that have no place in a log yet."""

    rows: int
    min_time: int | None  # of the events that have a time
    max_time: int | None
    untimed: bool  # some have none

    def placed(self, *, digest: str, first_seq: int, inserted_us: int) -> SegmentRef:
        """Say where in the log the events are, once that is known."""
        times = [t for t in (self.min_time, self.max_time) if t is not None]
        times += [inserted_us] * self.untimed
        return SegmentRef(
            first_seq=first_seq,
            rows=self.rows,
            min_time=min(times),
            max_time=max(times),
            min_inserted=inserted_us,
            max_inserted=inserted_us,
            data=digest,
        )


@dataclass(slots=True)
class Bounds:
    rows: int = 0
    min_time: int | None = None
    max_time: int | None = None
    untimed: bool = False

    def add(self, times: pl.Series) -> None:
        self.rows += times.len()
        self.untimed = self.untimed or times.has_nulls()
        found = [self.min_time, self.max_time, times.min(), times.max()]
        known = [t for t in found if isinstance(t, int)]
        self.min_time, self.max_time = (
            min(known, default=None),
            max(known, default=None),
        )


@in_steps
def write_segment(
    frames: Iterable[pl.DataFrame],
    out: BinaryIO,
    *,
    time_key: str,
    types: Types | None = None,
) -> Work[Written]:
    """Write events to a file; without their types, through a temporary one."""
    bounds = Bounds()
    with ExitStack() as resources:
        replay: Iterator[pl.DataFrame] = (
            timed(frame, time_key) for frame in frames if frame.height
        )
        if types is None:
            replay, types = yield from spooled(replay, resources)
        writer = SegmentWriter(out, {TIME: pl.Int64(), **types})
        for frame in replay:
            bounds.add(frame.get_column(TIME))
            writer.write(frame)
            yield bounds.rows
        writer.close()
    return Written(bounds.rows, bounds.min_time, bounds.max_time, bounds.untimed)


def spooled(
    frames: Iterator[pl.DataFrame], resources: ExitStack
) -> Work[tuple[Iterator[pl.DataFrame], Types]]:
    """Put frames aside until the types of all are known."""
    spool, types, rows = Spool(resources), union([]), 0
    for frame in frames:
        spool.add(frame)
        types = union([types, frame.schema])
        rows += frame.height
        yield rows
    return spool.replay(), types


@dataclass(frozen=True, slots=True)
class Compacted:
    """A file that holds what several pieces of a log held."""

    first_seq: int
    rows: int
    min_time: int
    max_time: int
    min_inserted: int
    max_inserted: int

    def ref(self, digest: str) -> SegmentRef:
        return SegmentRef(
            self.first_seq,
            self.rows,
            self.min_time,
            self.max_time,
            self.min_inserted,
            self.max_inserted,
            digest,
        )


@in_steps
def compact(
    segments: Sequence[SegmentRef],
    tail: Sequence[TailBatch],
    source: Source,
    out: BinaryIO,
) -> Work[Compacted]:
    """Write neighbours, in the order of their numbers, as one segment's file."""
    pieces: list[SegmentRef | TailBatch] = [*segments, *tail]
    check_neighbours(pieces)
    times, stamps = Bounds(), Bounds()
    with closing(Files(source)) as files:
        schemas = [files.layout(ref.data).keys for ref in segments]
        batches = [unpack(batch) for batch in tail]
        types = union([*schemas, *(frame.schema for frame in batches)])
        types = {n: t for n, t in types.items() if n != SEQ}
        writer = SegmentWriter(out, {TIME: pl.Int64(), STAMP: pl.Int64(), **types})
        for frame in chain(batches_of(segments, files), batches):
            times.add(frame.get_column(TIME))
            stamps.add(frame.get_column(STAMP))
            writer.write(frame)
            yield times.rows
        writer.close()
    found = (times.min_time, times.max_time, stamps.min_time, stamps.max_time)
    return Compacted(pieces[0].first_seq, times.rows, *(n or 0 for n in found))


def check_neighbours(pieces: Sequence[SegmentRef | TailBatch]) -> None:
    for one, other in pairwise(pieces):
        if one.last_seq + 1 != other.first_seq:
            raise ValueError(f"{other.first_seq} does not follow {one.last_seq}.")


def batches_of(segments: Iterable[SegmentRef], files: Files) -> Iterator[pl.DataFrame]:
    """Read segments a group of rows at a time."""
    for ref in segments:
        rows = files.scan(ref)
        for group in files.layout(ref.data).groups:
            end = group.first + group.rows
            inside = pl.col(ROW).is_between(group.first, end, closed="left")
            yield rows.filter(inside).collect()
