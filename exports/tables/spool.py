"""Frames whose types are known only at the end, replayed in one schema."""

import io
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain

import polars as pl

from exports.tables.as_text import NESTED, as_text
from exports.tables.source import temporary_file
from exports.tables.types import Frames, Schema
from exports.tables.unify import Types, merge, settled


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
    merged: Types = {}
    for frame in chain([first, second], frames):
        merged = merge(merged, dict(frame.schema))
        spool.add(frame)
    types = settled(merged)
    return types, (conformed(frame, types) for frame in spool.replay())


class Spool:
    def __init__(self, resources: ExitStack) -> None:
        self.file = temporary_file(resources)
        self.sizes: list[int] = []

    def add(self, frame: pl.DataFrame) -> None:
        block = io.BytesIO()
        frame.write_ipc_stream(block, compression="lz4")
        self.sizes.append(self.file.write(block.getbuffer()))

    def replay(self) -> Iterator[pl.DataFrame]:
        self.file.seek(0)
        for size in self.sizes:
            yield pl.read_ipc_stream(io.BytesIO(self.file.read(size)))


def conformed(frame: pl.DataFrame, types: Types | Schema) -> pl.DataFrame:
    made = [as_type(n, frame.schema.get(n), dtype) for n, dtype in types.items()]
    # Columns are added first: a frame without any still has rows to keep.
    return frame.with_columns(made).select(list(types)) if types else frame


def as_type(name: str, have: pl.DataType | None, want: pl.DataType) -> pl.Expr:
    if have is None:
        return pl.lit(None, dtype=want).alias(name)
    if have == want:
        return pl.col(name)
    if isinstance(have, pl.Null):
        return pl.col(name).cast(want)
    if isinstance(want, pl.String):
        return as_text(name, have)
    if isinstance(want, NESTED):
        # Casts match the fields of structs by place, JSON matches them by name.
        return as_text(name, have).str.json_decode(want)
    return pl.col(name).cast(want)
