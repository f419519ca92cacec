"""Small appends, kept as they came until they are compacted."""

import io
from collections.abc import Iterator, Sequence
from functools import partial

import polars as pl

from exports.events.bounds import Bounds, Place, turned
from exports.events.columns import together
from exports.events.json_rows import BETWEEN, json_bytes
from exports.events.log import Sort, TailBatch
from exports.events.merge import Head, Row
from exports.events.names import AT, INSERTED, SEQ, STAMP, TIME
from exports.events.times import event_times, us_text

HEAD_ROWS = 1_000


def timed(events: pl.DataFrame, time_key: str) -> pl.DataFrame:
    return events.with_columns(event_times(events, time_key).alias(TIME))


def pack(events: pl.DataFrame, *, time_key: str) -> bytes:
    """Return the payload of a batch in the tail."""
    out = io.BytesIO()
    timed(events, time_key).write_ipc_stream(out, compression="zstd")
    return out.getvalue()


def unpack(batch: TailBatch) -> pl.DataFrame:
    """Return the events of a batch with their sequence numbers and times."""
    events = pl.read_ipc_stream(io.BytesIO(batch.payload))
    return events.with_columns(
        pl.int_range(pl.len(), dtype=pl.Int64).alias(SEQ) + batch.first_seq,
        pl.lit(batch.inserted_us, dtype=pl.Int64).alias(STAMP),
        pl.col(TIME).fill_null(batch.inserted_us),
    )


def tail_frame(tail: Sequence[TailBatch], bounds: Bounds, sort: Sort) -> pl.DataFrame:
    """Return the events of the tail inside the bounds, with what orders them."""
    near = [
        unpack(batch).with_columns(
            pl.lit(us_text(batch.inserted_us)).alias(INSERTED),
            pl.col(TIME if sort is Sort.TIME else STAMP).alias(AT),
        )
        for batch in tail
        if bounds.min_seq < batch.last_seq and batch.first_seq <= bounds.max_seq
    ]
    return together(near).filter(*bounds.exprs()) if near else pl.DataFrame()


def tail_heads(
    tail: Sequence[TailBatch], sort: Sort, bounds: Bounds, *, reverse: bool
) -> Iterator[Head]:
    """Yield the tail's events for a merge."""
    events = tail_frame(tail, bounds, sort)
    if not events.height:
        return
    events = events.sort(AT, SEQ, descending=reverse)
    for part in events.iter_slices(HEAD_ROWS):
        places = list(part.select(AT, SEQ).iter_rows())
        if reverse:
            places = [turned(place) for place in places]
        yield Head(places[0], places[-1], len(places), partial(rows, places, part))


def rows(places: list[Place], events: pl.DataFrame) -> list[Row]:
    lines = bytes(json_bytes(events)).split(BETWEEN)
    return list(zip(places, lines, strict=True))
