"""Columns of events: a key is a text, or a list of them where an event has several."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import polars as pl

from exports.tables.columns import cell

Types: TypeAlias = Mapping[str, pl.DataType]


def conformed(frame: pl.DataFrame, types: Types) -> pl.DataFrame:
    """Give a frame the columns that all frames have."""
    return frame.select(as_type(n, frame.schema.get(n), t) for n, t in types.items())


def as_type(name: str, have: pl.DataType | None, want: pl.DataType) -> pl.Expr:
    if have is None:
        return pl.lit(None, dtype=want).alias(name)
    if isinstance(want, pl.List) and not isinstance(have, pl.List):
        listed = pl.concat_list(cell(name))
        return pl.when(cell(name).is_not_null()).then(listed).alias(name)
    return cell(name)


def union(all_types: Iterable[Types]) -> dict[str, pl.DataType]:
    """Return types that hold the events of all; texts and lists of them are lists."""
    found: dict[str, pl.DataType] = {}
    for types in all_types:
        for name, dtype in types.items():
            if not isinstance(found.get(name), pl.List):
                found[name] = dtype
    return found


def together(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Join frames of events whose keys differ."""
    types = union(frame.schema for frame in frames)
    return pl.concat(conformed(frame, types) for frame in frames)
