"""Frames whose types are known only at the end, replayed in one schema."""

import io
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain

import polars as pl

from exports.tables.as_text import NESTED, as_text
from exports.tables.types import Frames, Schema

MAX_FIELDS = 500  # of one struct; more are keys used as data, and stay text

Types = dict[str, pl.DataType]


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
        self.file = resources.enter_context(tempfile.TemporaryFile())
        self.sizes: list[int] = []

    def add(self, frame: pl.DataFrame) -> None:
        block = io.BytesIO()
        frame.write_ipc_stream(block, compression="lz4")
        self.sizes.append(self.file.write(block.getbuffer()))

    def replay(self) -> Iterator[pl.DataFrame]:
        self.file.seek(0)
        for size in self.sizes:
            yield pl.read_ipc_stream(io.BytesIO(self.file.read(size)))


def merge(known: Types, more: Types) -> Types:
    merged = dict(known)
    for name, dtype in more.items():
        merged[name] = common(merged[name], dtype) if name in merged else dtype
    return merged


def common(one: pl.DataType, other: pl.DataType) -> pl.DataType:
    """Return the type that holds both without loss; at the worst it is text."""
    match one, other:
        case _ if one == other:
            return one
        case (pl.Null(), kept) | (kept, pl.Null()):
            return kept
        case pl.List(), pl.List():
            return pl.List(common(inner(one), inner(other)))
        case pl.Struct(), pl.Struct():
            return pl.Struct(merge(dict(one.to_schema()), dict(other.to_schema())))
        case (pl.Date(), pl.Datetime()) | (pl.Datetime(), pl.Date()):
            return pl.Datetime("us")
    if one.is_numeric() and other.is_numeric():
        either_float = one.is_float() or other.is_float()
        return pl.Float64() if either_float else pl.Int128()
    return pl.String()


def inner(dtype: pl.List) -> pl.DataType:
    made = dtype.inner
    return made if isinstance(made, pl.DataType) else made()


def settled(types: Types) -> Types:
    """Give a type to what was never seen, and text to what has too many keys."""
    return {name: settle(dtype) for name, dtype in types.items()}


def settle(dtype: pl.DataType) -> pl.DataType:
    if isinstance(dtype, pl.Null):
        return pl.String()
    if isinstance(dtype, pl.List):
        return pl.List(settle(inner(dtype)))
    if isinstance(dtype, pl.Struct):
        if not 0 < len(dtype.fields) <= MAX_FIELDS:
            return pl.String()
        return pl.Struct(settled(dict(dtype.to_schema())))
    return dtype


def conformed(frame: pl.DataFrame, types: Types | Schema) -> pl.DataFrame:
    return frame.select(
        as_type(name, frame.schema.get(name), dtype) for name, dtype in types.items()
    )


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
