"""Strings turned into the types of a Table Schema, with what does not fit kept."""

from dataclasses import dataclass

import polars as pl

from exports.tables.as_text import text_of
from exports.tables.columns import cell
from exports.tables.fields import Field, read_schema
from exports.tables.typed import dtype_of, is_missing, typed
from exports.tables.types import Schema

VALUE_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Misfit:
    """A cell that is no value of its field's type."""

    row: int
    column: str
    value: str  # clipped


class Caster:
    """Casts the frames of one table; a cell that does not fit becomes null.

    `failed` counts those cells and `misfits` names the first of them. Columns the
    schema does not know stay as they are.
    """

    def __init__(
        self, descriptor: object, columns: Schema, *, first_row: int = 2, cap: int = 100
    ) -> None:
        known = {field.name: field for field in read_schema(descriptor).fields}
        self.fields = {n: f for n, f in known.items() if castable(f, columns.get(n))}
        self.schema: dict[str, pl.DataType] = {
            name: dtype_of(self.fields[name]) if name in self.fields else dtype
            for name, dtype in columns.items()
        }
        self.cap = cap
        self.row = first_row
        self.failed = 0
        self.misfits: list[Misfit] = []

    def cast(self, frame: pl.DataFrame) -> pl.DataFrame:
        have = frame.schema  # made anew each time it is asked for
        # Fields go by their number here, as Polars takes some names for patterns.
        texts = frame.select(
            text_of(cell(name), have[name]).alias(str(at))
            for at, name in enumerate(self.fields)
        )
        cast = texts.select(
            typed(field, pl.col(str(at))).alias(str(at))
            for at, field in enumerate(self.fields.values())
        )
        self.count_misfits(texts, cast)
        self.row += frame.height
        cast.columns = list(self.fields)
        return frame.with_columns(cast)

    def count_misfits(self, texts: pl.DataFrame, cast: pl.DataFrame) -> None:
        lost = texts.select(
            (~is_missing(field, pl.col(at)) & cast[at].is_null()).alias(at)
            for at, field in zip(texts.columns, self.fields.values(), strict=True)
        )
        counts = lost.sum().row(0)
        for name, at, count in zip(self.fields, lost.columns, counts, strict=True):
            if count:
                self.failed += count
                self.keep(name, texts[at], lost[at])

    def keep(self, name: str, cells: pl.Series, lost: pl.Series) -> None:
        rows = lost.arg_true().head(self.cap - len(self.misfits)).to_list()
        self.misfits += [
            Misfit(self.row + at, name, cells[at][:VALUE_CHARACTERS]) for at in rows
        ]


def castable(field: Field, have: pl.DataType | None) -> bool:
    """Tell whether there is such a column, and one that is not of its type yet."""
    return have is not None and (have != dtype_of(field) or have == pl.String())
