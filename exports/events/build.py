"""Views of segments, built in the background."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import polars as pl

from exports.events.files import Files
from exports.events.json_rows import BETWEEN, json_lines
from exports.events.log import SegmentRef, Sort, Source
from exports.events.names import INSERTED, MARK, SEQ, STAMP, TIME
from exports.events.segments import batches_of
from exports.events.steps import Work, in_steps
from exports.events.times import stamp_text
from exports.events.view_writer import LINE, PLACES, ViewWriter
from exports.tables.spool import Place, Spool
from exports.tables.writer import Sink

PART_ROWS = 10_000  # a part's JSON stays in the processor's cache
BUCKET_ROWS = 200_000
BUCKET = f"{MARK}bucket"


@dataclass(frozen=True, slots=True)
class Built:
    """A view that is written."""

    sorts: frozenset[Sort]  # both, where one order is the other
    rows: int


@in_steps
def build_view(ref: SegmentRef, sort: Sort, source: Source, out: Sink) -> Work[Built]:
    """Write a view of a segment."""
    with closing(Files(source)) as files, ExitStack() as resources:
        lines, sorts = lines_of(ref, files), frozenset({sort})
        times = files.scan(ref).select(TIME).collect()
        if times.get_column(TIME).is_sorted():
            sorts = frozenset(Sort)
        elif sort is Sort.TIME:
            lines = by_time(lines, buckets(times), resources)
        del times
        writer = ViewWriter(out)
        resources.callback(writer.abandon)
        for part in lines:
            writer.add(part)
            yield writer.rows
        writer.close()
    return Built(sorts, writer.rows)


def lines_of(ref: SegmentRef, files: Files) -> Iterator[pl.DataFrame]:
    """Yield events as lines of JSON with their places, in insertion order."""
    for group in batches_of([ref], files):
        shown = group.with_columns(stamp_text(pl.col(STAMP)).alias(INSERTED))
        for part in shown.iter_slices(PART_ROWS):
            lines = json_lines(part, BETWEEN.decode())
            yield part.select(PLACES).with_columns(lines.alias(LINE))


def buckets(times: pl.DataFrame) -> pl.Series:
    """Return which part of the order each row is in, if it is cut into equal parts."""
    order = times.select(pl.arg_sort_by(TIME, maintain_order=True)).to_series()
    ranks = order.arg_sort()  # of a permutation: its inverse
    return (ranks // BUCKET_ROWS).cast(pl.UInt32).alias(BUCKET)


def by_time(
    parts: Iterator[pl.DataFrame], bucket_of: pl.Series, resources: ExitStack
) -> Iterator[pl.DataFrame]:
    """Sort lines by time, through a file where memory would not hold them.

    Yields nothing that counts for each part that it reads first, so that the caller
    may stop there too.
    """
    spool, row = Spool(resources), 0
    places: list[list[Place]] = [[] for _ in range(bucket_of.len() // BUCKET_ROWS + 1)]
    for part in parts:
        marked = part.with_columns(bucket_of.slice(row, part.height))
        row += part.height
        for (bucket,), lines in marked.partition_by(
            BUCKET, as_dict=True, include_key=False
        ).items():
            places[bucket].append(spool.add(lines))
        yield part.clear()
    for bucket in filter(None, places):
        yield pl.concat(map(spool.read, bucket)).sort(TIME, SEQ)
