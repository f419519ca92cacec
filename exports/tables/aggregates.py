"""What can be computed for a group of rows, in parts that can be put together."""

from dataclasses import dataclass
from typing import Literal, get_args

import polars as pl

from exports.tables.as_text import NESTED
from exports.tables.columns import cell, require
from exports.tables.errors import TableError, WrongType
from exports.tables.fields import Field
from exports.tables.preview import type_name
from exports.tables.typed import typed
from exports.tables.types import Schema

Function = Literal["count", "sum", "min", "max", "mean", "first"]
FUNCTIONS: tuple[str, ...] = get_args(Function)
NUMBER = Field("", type="number")
LABELS = (pl.Categorical, pl.Enum)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One value for each group.

    `count` without a column counts rows, with one the cells that hold something.
    `first` is the cell of the group's first row, whatever it holds; all others pass
    over null and the empty text, and are null where nothing is left. `min` and `max`
    also pass over NaN unless there is nothing else, `sum` and `mean` do not. Integers
    are summed exactly. `sum` and `mean` of text read its cells as numbers and report
    those that are none; `min` and `max` of text compare it as text.
    """

    function: Function
    column: str | None = None
    name: str = ""  # empty: `sum_price`, or `count`

    @property
    def title(self) -> str:
        return self.name or "_".join(filter(None, (self.function, self.column)))


@dataclass(frozen=True, slots=True)
class Steps:
    """How an aggregate is computed: `value` a row, `partial` a frame, then merged.

    Names are the aggregate's own, so that no column of the table can meet them.
    """

    title: str
    dtype: pl.DataType
    value: pl.Expr
    partial: tuple[pl.Expr, ...]
    merge: tuple[pl.Expr, ...]
    final: pl.Expr
    lenient: str = ""  # the text column that is read as numbers


def steps_of(aggregate: Aggregate, number: int, schema: Schema) -> Steps:
    """Check an aggregate against a table.

    Raises TableError, UnknownColumn or WrongType.
    """
    if aggregate.function not in FUNCTIONS:
        known = ", ".join(FUNCTIONS)
        raise TableError(f"There is no {aggregate.function!r} of rows, only {known}.")
    name = f"value {number}"
    if aggregate.column is None:
        return count_rows(aggregate, name)
    require([aggregate.column], schema)
    dtype = schema[aggregate.column]
    made = MAKERS[aggregate.function](aggregate.column, dtype, name)
    return Steps(aggregate.title, *made)


Made = tuple[
    pl.DataType, pl.Expr, tuple[pl.Expr, ...], tuple[pl.Expr, ...], pl.Expr, str
]


def count_rows(aggregate: Aggregate, name: str) -> Steps:
    if aggregate.function != "count":
        raise TableError(f"{aggregate.function!r} needs a column.")
    one = pl.lit(1, dtype=pl.Int64)
    total = pl.len().cast(pl.Int64).alias(name)
    return Steps(
        aggregate.title, pl.Int64(), one, (total,), (added(name),), pl.col(name)
    )


def count(column: str, dtype: pl.DataType, name: str) -> Made:
    cells = pl.col(name).count().cast(pl.Int64)
    value = present(column, dtype)
    return pl.Int64(), value, (cells,), (added(name),), pl.col(name), ""


def total(column: str, dtype: pl.DataType, name: str) -> Made:
    value, lenient = numeric(column, dtype)
    partial = (pl.col(name).sum(), counted(name))
    # A sum of nothing is nothing, as are min and mean; only a count can be zero.
    final = pl.when(pl.col(many(name)) > 0).then(pl.col(name))
    kept = total_type(dtype)
    return kept, value, partial, (added(name), added(many(name))), final, lenient


def mean(column: str, dtype: pl.DataType, name: str) -> Made:
    *_, value, partial, merge, _, lenient = total(column, dtype, name)
    final = pl.col(name).cast(pl.Float64) / pl.col(many(name))
    final = pl.when(pl.col(many(name)) > 0).then(final)
    return pl.Float64(), value, partial, merge, final, lenient


def least(column: str, dtype: pl.DataType, name: str) -> Made:
    value = comparable(column, dtype)
    steps = (pl.col(name).min(),)
    return as_compared(dtype), value, steps, steps, pl.col(name), ""


def most(column: str, dtype: pl.DataType, name: str) -> Made:
    value = comparable(column, dtype)
    steps = (pl.col(name).max(),)
    return as_compared(dtype), value, steps, steps, pl.col(name), ""


def first(column: str, dtype: pl.DataType, name: str) -> Made:
    steps = (pl.col(name).first(),)
    return dtype, cell(column), steps, steps, pl.col(name), ""


MAKERS = {
    "count": count,
    "sum": total,
    "min": least,
    "max": most,
    "mean": mean,
    "first": first,
}


def added(name: str) -> pl.Expr:
    return pl.col(name).sum()


def many(name: str) -> str:
    return f"{name} count"


def counted(name: str) -> pl.Expr:
    return pl.col(name).count().cast(pl.Int64).alias(many(name))


def numeric(column: str, dtype: pl.DataType) -> tuple[pl.Expr, str]:
    """Return the cells as numbers wide enough to add, and the column if it is text."""
    if is_text(dtype):
        return typed(NUMBER, cell(column).cast(pl.String)), column
    if not dtype.is_numeric():
        raise WrongType(
            f"Sums and means need numbers, and column {column!r} is"
            f" {type_name(dtype)}. Declare another type for it with `types`.",
            column=column,
        )
    return cell(column).cast(total_type(dtype)), ""


def total_type(dtype: pl.DataType) -> pl.DataType:
    if isinstance(dtype, pl.Decimal):
        return pl.Decimal(38, dtype.scale)
    return pl.Int128() if dtype.is_integer() else pl.Float64()


def is_text(dtype: pl.DataType) -> bool:
    return isinstance(dtype, (pl.String, pl.Null))


def present(column: str, dtype: pl.DataType) -> pl.Expr:
    """Return the cells; an empty text counts as missing, as in a Table Schema."""
    cells = cell(column)
    return pl.when(cells != "").then(cells) if isinstance(dtype, pl.String) else cells


def comparable(column: str, dtype: pl.DataType) -> pl.Expr:
    """Return cells that have an order. Raises WrongType."""
    refuse_nested(column, dtype)
    return present(column, dtype).cast(as_compared(dtype))


def as_compared(dtype: pl.DataType) -> pl.DataType:
    return pl.String() if isinstance(dtype, LABELS) else dtype


def refuse_nested(column: str, dtype: pl.DataType) -> None:
    if isinstance(dtype, (*NESTED, pl.Object)):
        raise WrongType(
            f"Column {column!r} holds {type_name(dtype)}s, which have no order and"
            " cannot be grouped by. Declare it as a string with `types`.",
            column=column,
        )
