"""Rows put together by equal keys, in memory that grows with the groups alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from exports.tables.aggregates import (
    NUMBER,
    Aggregate,
    Steps,
    refuse_nested,
    steps_of,
)
from exports.tables.cast import VALUE_CHARACTERS, Misfit
from exports.tables.columns import cell, require
from exports.tables.errors import BadHeader, TooLarge
from exports.tables.typed import is_missing
from exports.tables.types import Frames, Schema

MAX_GROUPS = 2_000_000
MERGE_ROWS = 100_000  # partial results that wait before they are put together
PARTS = 32  # groups are cut by hash, so that no single step takes long
OUT_ROWS = 50_000
ROW = "row"  # of the group's first row: groups come out in this order
PART = "part"


@dataclass(slots=True)
class Grouping:
    """Keys and aggregates bound to one table; what cannot be read is counted."""

    keys: Sequence[str]
    steps: Sequence[Steps]
    schema: Schema
    row: str  # the column that numbers the rows of the frames
    cap: int = 100
    failed: int = 0
    misfits: list[Misfit] = field(default_factory=list)

    def run(self, frames: Frames) -> Frames:
        """Give the groups in the order of their first rows.

        Until then empty frames come out, one for each short step, so that a caller
        can stop in between. Without keys there is one row, also for no rows at all.
        """
        waiting = pl.DataFrame(schema=self.schema)
        groups = Groups(self)
        for frame in frames:
            self.report(frame)
            groups.add(frame)
            yield waiting
            if groups.is_due:
                yield from (waiting for _ in groups.merged())
        yield from (waiting for _ in groups.merged())
        yield from groups.results()

    def report(self, frame: pl.DataFrame) -> None:
        """Count the text cells that should be numbers and are not."""
        read = {one.lenient: one.value for one in self.steps if one.lenient}
        for column, number in read.items():
            text = cell(column).cast(pl.String)
            lost = ~is_missing(NUMBER, text) & number.is_null()
            self.keep(column, frame.filter(lost).select(pl.col(self.row), text))

    def keep(self, column: str, lost: pl.DataFrame) -> None:
        self.failed += lost.height
        for row, value in lost.head(self.cap - len(self.misfits)).iter_rows():
            self.misfits.append(Misfit(row, column, value[:VALUE_CHARACTERS]))


def bind_grouping(
    group_by: Sequence[str], aggregates: Sequence[Aggregate], schema: Schema, row: str
) -> Grouping:
    """Check what is asked against a table.

    Raises UnknownColumn, WrongType, or BadHeader when two results have one name.
    """
    require(group_by, schema)
    made: dict[str, pl.DataType] = {}
    for name in group_by:
        refuse_nested(name, schema[name])
        add_name(made, name, schema[name])
    steps = [steps_of(one, n, schema) for n, one in enumerate(aggregates)]
    for one in steps:
        add_name(made, one.title, one.dtype)
    return Grouping(group_by, steps, made, row)


def add_name(made: dict[str, pl.DataType], name: str, dtype: pl.DataType) -> None:
    if name in made:
        message = f"Two columns of the groups would be called {name!r}."
        raise BadHeader(message, column=name)
    made[name] = dtype


class Groups:
    """The groups so far, and the results of frames that are not among them yet."""

    def __init__(self, grouping: Grouping) -> None:
        self.grouping = grouping
        self.keys = [f"key {n}" for n in range(len(grouping.keys))]
        self.values = values_of(grouping, self.keys)
        self.partial = [pl.col(ROW).min()]
        self.merge = [pl.col(ROW).min()]
        for one in grouping.steps:
            self.partial += one.partial
            self.merge += one.merge
        self.parts: list[pl.DataFrame | None] = [None] * (PARTS if self.keys else 1)
        self.groups = 0
        self.waiting: list[pl.DataFrame] = []
        self.waiting_rows = 0

    @property
    def is_due(self) -> bool:
        return self.waiting_rows > max(MERGE_ROWS, self.groups // 2)

    def add(self, frame: pl.DataFrame) -> None:
        rows = self.grouped(frame.select(self.values), self.partial)
        self.waiting.append(rows)
        self.waiting_rows += rows.height

    def grouped(self, rows: pl.DataFrame, steps: list[pl.Expr]) -> pl.DataFrame:
        made = rows.group_by(self.keys).agg(steps) if self.keys else rows.select(steps)
        return compact(made)

    def merged(self) -> Iterator[None]:
        """Put what waits into the groups, a part at a time."""
        if not self.waiting:
            return
        rows = pl.concat(self.waiting)
        self.waiting, self.waiting_rows, self.groups = [], 0, 0
        part = pl.struct(self.keys).hash() % PARTS if self.keys else pl.lit(0)
        rows = rows.with_columns(part.alias(PART))
        for number, known in enumerate(self.parts):
            more = rows.filter(pl.col(PART) == number).drop(PART)
            both = more if known is None else pl.concat([known, more])
            merged = self.grouped(both, self.merge) if more.height else both
            self.parts[number] = merged
            self.groups += merged.height
            self.check_size()
            yield

    def check_size(self) -> None:
        if self.groups > MAX_GROUPS:
            raise TooLarge(f"The rows fall into more than {MAX_GROUPS:,} groups.")

    def results(self) -> Frames:
        made = [part for part in self.parts if part is not None]
        rows = pl.concat(made)
        order = rows[ROW].arg_sort()
        finals = self.finals()
        for at in range(0, max(rows.height, 1), OUT_ROWS):
            yield rows[order.slice(at, OUT_ROWS)].select(finals)

    def finals(self) -> list[pl.Expr]:
        """Return the columns of the result, of groups that are complete."""
        names = self.grouping.keys
        keys = [pl.col(k).alias(n) for k, n in zip(self.keys, names, strict=True)]
        return keys + [
            one.final.cast(one.dtype).alias(one.title) for one in self.grouping.steps
        ]


def values_of(grouping: Grouping, keys: list[str]) -> list[pl.Expr]:
    """Return the row's number, its keys and its values, under names of our own."""
    values = [pl.col(grouping.row).alias(ROW)]
    values += [cell(n).alias(key) for n, key in zip(grouping.keys, keys, strict=True)]
    values += [one.value.alias(f"value {n}") for n, one in enumerate(grouping.steps)]
    return values


def compact(rows: pl.DataFrame) -> pl.DataFrame:
    """Copy the texts, which otherwise hold on to the whole frames they come from."""
    texts = [n for n, dtype in rows.schema.items() if isinstance(dtype, pl.String)]
    return rows.with_columns(pl.concat_str(pl.col(name)) for name in texts)
