"""Strings turned into the types of a Table Schema, with what does not fit kept."""

from dataclasses import dataclass

import polars as pl

from exports.tables.as_text import as_text
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
        texts = frame.select(
            as_text(name, frame.schema[name]).alias(name) for name in self.fields
        )
        cast = texts.select(
            typed(f, pl.col(n)).alias(n) for n, f in self.fields.items()
        )
        self.count_misfits(texts, cast)
        self.row += frame.height
        return frame.with_columns(cast)

    def count_misfits(self, texts: pl.DataFrame, cast: pl.DataFrame) -> None:
        lost = texts.select(
            (~is_missing(field, pl.col(name)) & cast[name].is_null()).alias(name)
            for name, field in self.fields.items()
        )
        for name, count in zip(lost.columns, lost.sum().row(0), strict=True):
            if count:
                self.failed += count
                self.keep(name, texts[name], lost[name])

    def keep(self, name: str, cells: pl.Series, lost: pl.Series) -> None:
        rows = lost.arg_true().head(self.cap - len(self.misfits)).to_list()
        self.misfits += [
            Misfit(self.row + at, name, cells[at][:VALUE_CHARACTERS]) for at in rows
        ]


def castable(field: Field, have: pl.DataType | None) -> bool:
    """Tell whether there is such a column, and one that is not of its type yet."""
    return have is not None and (have != dtype_of(field) or have == pl.String())
