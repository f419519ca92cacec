"""How the Parquet file of a segment is laid out: its columns, its groups of rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import polars as pl
import pyarrow.parquet as pq

from exports.events.names import STAMP, TIME, is_internal

MOST_KEPT = 256  # files whose layout is remembered


@dataclass(frozen=True, slots=True)
class Group:
    """Some rows of a file that are read together."""

    first: int
    rows: int
    times: tuple[int, int] | None  # the first and the last, if any row has one
    stamps: tuple[int, int] | None  # if the file knows them
    untimed: bool  # some rows have no time


@dataclass(frozen=True, slots=True)
class Layout:
    types: dict[str, pl.DataType]
    groups: tuple[Group, ...]

    @property
    def keys(self) -> dict[str, pl.DataType]:
        return {n: dtype for n, dtype in self.types.items() if not is_internal(n)}


_LAYOUTS: dict[str, Layout] = {}


def remembered_layout(digest: str, path: Path) -> Layout:
    if digest not in _LAYOUTS:
        if len(_LAYOUTS) >= MOST_KEPT:
            _LAYOUTS.pop(next(iter(_LAYOUTS)))
        _LAYOUTS[digest] = read_layout(path)
    return _LAYOUTS[digest]


def read_layout(path: Path) -> Layout:
    found = pq.read_metadata(path)
    names = found.schema.to_arrow_schema().names
    groups: list[Group] = []
    first = 0
    for n in range(found.num_row_groups):
        group = found.row_group(n)
        times, untimed = extent(group, names, TIME)
        stamps, _ = extent(group, names, STAMP)
        groups.append(Group(first, group.num_rows, times, stamps, untimed))
        first += group.num_rows
    return Layout(dict(pl.read_parquet_schema(path)), tuple(groups))


def extent(
    group: "pq.RowGroupMetaData", names: list[str], name: str
) -> tuple[tuple[int, int] | None, bool]:
    """Return the bounds of a column of numbers, and whether some are null."""
    if name not in names:
        return None, False
    found = group.column(names.index(name)).statistics
    if found is None:
        raise ValueError(f"Column {name!r} has no statistics.")
    low, high = cast("tuple[int, int]", (found.min, found.max))
    return (low, high) if found.has_min_max else None, bool(found.null_count)
