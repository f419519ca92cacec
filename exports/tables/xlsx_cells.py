"""How the cells of each type of column are written in a sheet's XML."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import polars as pl

from exports.tables.as_text import text_of
from exports.tables.xlsx_styles import (
    DATE,
    DATETIME,
    DAY_MS,
    DURATION,
    EPOCH,
    TIME,
    Clock,
)
from exports.tables.xlsx_text import escaped, has_markup, is_odd, without_markup

FIRST, LAST = date(1900, 3, 1), date(9999, 12, 31)
EXACT = 1 << 53  # beyond it a double skips whole numbers
LEAST = 2.2250738585072014e-308  # what is nearer to zero, Excel takes for zero
DIGITS = 15  # of a decimal, which any double keeps
PER_MS = MappingProxyType({"ms": 1, "us": 1_000, "ns": 1_000_000})
WIDE = (pl.Int64, pl.UInt64, pl.Int128, pl.UInt128)
CLOCKS: Mapping[type[pl.DataType], Clock] = MappingProxyType(
    {pl.Datetime: DATETIME, pl.Duration: DURATION, pl.Time: TIME}
)

NO_NUMBER = "kept as text, as no number of a workbook is equal to it"
NO_DATE = "kept as text, as it is outside a workbook's calendar"
CUT_TIME = "cut to the millisecond, as a workbook counts no less"


@dataclass(frozen=True, slots=True)
class Shape:
    """The XML around a cell's value."""

    before: str
    after: str

    def of(self, value: pl.Expr) -> pl.Expr:
        return pl.concat_str(pl.lit(self.before), value, pl.lit(self.after))


NUMBER = Shape("<c><v>", "</v></c>")
BOOLEAN = Shape('<c t="b"><v>', "</v></c>")
TEXT = Shape('<c t="inlineStr"><is><t xml:space="preserve">', "</t></is></c>")


def styled(style: int) -> Shape:
    return Shape(f'<c s="{style}"><v>', "</v></c>")


@dataclass(frozen=True, slots=True)
class Case:
    """Cells that are not written as the rest of their column, or not without a word."""

    mask: pl.Expr
    value: pl.Expr
    shape: Shape
    remark: str = ""
    suits_all: bool = False  # so that no cell needs to be told from another


@dataclass(frozen=True, slots=True)
class Cells:
    """How a column is written, and in which cases a cell is not; the first counts."""

    value: pl.Expr
    shape: Shape
    cases: tuple[Case, ...] = ()


def known_to_workbooks(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return the column, as text if a workbook has no such type."""
    return column if is_known(dtype) else text_of(column, dtype)


def is_known(dtype: pl.DataType) -> bool:
    if isinstance(dtype, pl.Datetime):
        return dtype.time_zone is None
    known = (pl.String, pl.Boolean, pl.Date, pl.Time, pl.Duration)
    return dtype.is_numeric() or isinstance(dtype, known)


def cells_of(column: pl.Expr, dtype: pl.DataType) -> Cells:
    if isinstance(dtype, pl.String):
        return text_cells(column)
    if isinstance(dtype, pl.Boolean):
        return Cells(column.cast(pl.UInt8), BOOLEAN)
    if isinstance(dtype, pl.Date):
        return date_cells(column)
    if clock := CLOCKS.get(type(dtype)):
        return clock_cells(column, dtype, clock)
    return number_cells(column, dtype)


def text_cells(column: pl.Expr) -> Cells:
    odd = Case(is_odd(column), escaped(column), TEXT, suits_all=True)
    marked = Case(has_markup(column), without_markup(column), TEXT, suits_all=True)
    return Cells(column, TEXT, (odd, marked))


def number_cells(column: pl.Expr, dtype: pl.DataType) -> Cells:
    value = column.cast(pl.String)
    beyond = beyond_doubles(column, dtype)
    if beyond is None:
        return Cells(value, NUMBER)
    return Cells(value, NUMBER, (Case(beyond, value, TEXT, NO_NUMBER),))


def beyond_doubles(column: pl.Expr, dtype: pl.DataType) -> pl.Expr | None:
    if dtype.is_float():
        return ~column.is_finite() | ((column.abs() < LEAST) & (column != 0))
    if dtype.is_decimal():
        short = column.cast(pl.String).str.replace(r"(\.\d*?)0+$", "$1")
        digits = short.str.replace_all(r"^-?[0.]*|\.", "")
        return digits.str.len_bytes() > DIGITS
    if isinstance(dtype, WIDE):
        beyond = column > EXACT
        return beyond | (column < -EXACT) if dtype.is_signed_integer() else beyond
    return None


def date_cells(column: pl.Expr) -> Cells:
    outside = ~column.is_between(FIRST, LAST)
    text = Case(outside, column.cast(pl.String), TEXT, NO_DATE)
    return Cells(column.cast(pl.Int32) + EPOCH, styled(DATE), (text,))


def clock_cells(column: pl.Expr, dtype: pl.DataType, clock: Clock) -> Cells:
    """Write days and parts of a day, as a workbook counts time."""
    raw = column.to_physical()
    per_ms = PER_MS[getattr(dtype, "time_unit", "ns")]
    ms = raw // per_ms
    value = (ms / DAY_MS + clock.epoch).cast(pl.String)
    parts = styled(clock.parts_style)
    inside = ms.is_between(clock.first_ms, clock.last_ms)
    cases = (
        Case(~inside, text_of(column, dtype), TEXT, NO_DATE),
        Case(inside & (raw % per_ms != 0), value, parts, CUT_TIME),
        Case(ms % 1000 != 0, value, parts),
    )
    return Cells(value, styled(clock.style), cases)
