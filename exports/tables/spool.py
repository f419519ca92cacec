"""Frames whose types are known only at the end, replayed in one schema."""

import io
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain

import polars as pl

from exports.tables.as_text import NESTED, text_of
from exports.tables.columns import cell, cells
from exports.tables.drift import SchemaMerge
from exports.tables.source import temporary_file
from exports.tables.types import Frames, Schema
from exports.tables.unify import settled

ENOUGH_CELLS = 500_000  # of a frame made of small ones


def one_schema(frames: Frames, resources: ExitStack) -> tuple[Schema, Frames]:
    """Read all frames; return the schema that holds them all, and them in it.

    The first key seen is the first column. One frame alone stays in memory, more go
    through an unnamed temporary file.
    """
    first = next(frames, None)
    if first is None:
        return {}, iter(())
    types = settled(dict(first.schema))
    second = next(frames, None)
    if second is None:
        return types, (conformed(frame, types) for frame in [first])
    spool = Spool(resources)
    merge = SchemaMerge()
    for number, frame in enumerate(chain([first, second], frames), 1):
        merge.add(number, frame)
        spool.add(frame)
    types = merge.schema
    return types, (conformed(frame, types) for frame in spool.replay())


Place = tuple[int, int]  # offset and size in the file


class Spool:
    """Frames in an unnamed temporary file, to be read again in any order."""

    def __init__(self, resources: ExitStack) -> None:
        self.file = temporary_file(resources)
        self.places: list[Place] = []

    def add(self, frame: pl.DataFrame) -> Place:
        block = io.BytesIO()
        frame.write_ipc_stream(block, compression="lz4")
        offset = self.file.seek(0, io.SEEK_END)
        place = offset, self.file.write(block.getbuffer())
        self.places.append(place)
        return place

    def read(self, place: Place) -> pl.DataFrame:
        offset, size = place
        self.file.seek(offset)
        return pl.read_ipc_stream(io.BytesIO(self.file.read(size)))

    def replay(self) -> Iterator[pl.DataFrame]:
        return (self.read(place) for place in self.places)


def gathered(frames: Frames, schema: Schema) -> Frames:
    """Yield rows in one schema, small frames put together."""
    waiting: list[pl.DataFrame] = []
    cells = 0
    for frame in frames:
        waiting.append(conformed(frame, schema))
        cells += frame.height * max(1, len(schema))
        if cells >= ENOUGH_CELLS:
            yield pl.concat(waiting)
            waiting, cells = [], 0
    if waiting:
        yield pl.concat(waiting)


def conformed(frame: pl.DataFrame, types: Schema) -> pl.DataFrame:
    have = frame.schema  # made anew each time it is asked for
    made = [as_type(n, have.get(n), dtype) for n, dtype in types.items()]
    # Columns are added first: a frame without any still has rows to keep.
    return frame.with_columns(made).select(cells(types)) if types else frame


def as_type(name: str, have: pl.DataType | None, want: pl.DataType) -> pl.Expr:
    if have is None:
        return pl.lit(None, dtype=want).alias(name)
    if have == want:
        return cell(name)
    if isinstance(have, pl.Null):
        return cell(name).cast(want)
    if isinstance(want, pl.String):
        return text_of(cell(name), have).alias(name)
    if isinstance(want, NESTED):
        # Casts match the fields of structs by place, JSON matches them by name.
        return text_of(cell(name), have).str.json_decode(want).alias(name)
    return cell(name).cast(want)
