"""Whether a table keeps to its Table Schema, with the place of each error."""

from contextlib import ExitStack
from typing import Any

import polars as pl

from exports.tables.as_text import as_text
from exports.tables.constraints import Cell, Rule, rules_of
from exports.tables.fields import Field, Problem, read_schema
from exports.tables.repeats import Repeats
from exports.tables.typed import is_missing, typed
from exports.tables.types import Schema

VALUE_CHARACTERS = 100


class Checker:
    """Checks the frames of one table, one after another, against a Table Schema.

    Every rule is one expression over a frame, and a frame that breaks none costs one
    query. Rows count as a spreadsheet shows them: the header is row 1, so the first
    data row is 2 unless `first_row` says otherwise. Beyond `cap`, errors are counted
    and no longer listed. Uniqueness is told by the report, which ends the checking.
    """

    def __init__(
        self, descriptor: object, *, cap: int = 1000, first_row: int = 2
    ) -> None:
        self.schema = read_schema(descriptor)
        self.cap = cap
        self.first_row = first_row
        self.rows = 0
        self.error_count = 0
        self.errors: list[dict[str, Any]] = []
        self.problems = list(self.schema.problems)
        self.warnings: list[Problem] = []
        self.resources = ExitStack()
        self.begun = False
        self.fields: list[Field] = []
        self.rules: list[Rule] = []
        self.uniques: dict[tuple[str, ...], Repeats] = {}

    def check(self, frame: pl.DataFrame) -> None:
        if not self.begun:
            self.begin(dict(frame.schema))
        if not self.fields or not frame.height:
            self.rows += frame.height
            return
        cells = frame.select(cell_columns(self.fields, dict(frame.schema)))
        self.apply_rules(cells)
        self.take_keys(cells)
        self.rows += frame.height

    def begin(self, columns: Schema) -> None:
        """Compare the header with the schema and make the rules, once."""
        self.begun = True
        self.check_header(list(columns))
        self.fields = [one for one in self.schema.fields if one.name in columns]
        for field in self.fields:
            self.rules += self.rules_for(field)
        keys: list[tuple[str, ...]] = [
            (f.name,) for f in self.fields if f.constraints.get("unique") is True
        ]
        primary = self.schema.primary_key
        if primary and all(name in columns for name in primary):
            keys.append(primary)
        self.uniques = {key: Repeats(self.resources) for key in keys}

    def rules_for(self, field: Field) -> list[Rule]:
        cell = Cell(*(pl.col(name) for name in columns_of(field)))
        rules = list(rules_of(field, cell, self.problems, self.warnings))
        if field.constraints.get("required") is True:
            rules.append(
                Rule(field.name, "required", "must not be empty", cell.missing)
            )
        elif field.name in self.schema.primary_key:
            message = "is part of the primary key and must not be empty"
            rules.append(Rule(field.name, "primaryKey", message, cell.missing))
        return rules

    def check_header(self, columns: list[str]) -> None:
        named = {field.name for field in self.schema.fields}
        header = self.first_row - 1
        for field in self.schema.fields:
            if field.name not in columns:
                message = f"Column {field.name!r} is missing."
                self.note(header, field.name, "missing-column", message)
        for name in columns:
            if name not in named:
                message = f"Column {name!r} is not in the schema."
                self.note(header, name, "extra-column", message)

    def apply_rules(self, cells: pl.DataFrame) -> None:
        masks = [rule.broken.fill_null(value=False) for rule in self.rules]
        sums = [mask.sum().alias(str(i)) for i, mask in enumerate(masks)]
        counts = cells.select(sums).row(0)
        for rule, mask, count in zip(self.rules, masks, counts, strict=True):
            if count:
                self.note_cells(rule, cells, mask, count)

    def note_cells(
        self, rule: Rule, cells: pl.DataFrame, mask: pl.Expr, count: int
    ) -> None:
        room = max(self.cap - len(self.errors), 0)
        places = cells.select(mask.arg_true()).to_series().head(room)
        texts = cells[f"text {rule.column}"]
        for at in places:
            row = self.first_row + self.rows + at
            message = f"Row {row}, column {rule.column!r} {rule.message}."
            self.note(row, rule.column, rule.code, message, texts[at])
        self.error_count += count - len(places)

    def note(
        self,
        row: int | None,
        column: str | None,
        code: str,
        message: str,
        value: str | None = None,
    ) -> None:
        self.error_count += 1
        if len(self.errors) < self.cap:
            clipped = value and value[:VALUE_CHARACTERS]
            self.errors.append(
                {
                    "row": row,
                    "column": column,
                    "code": code,
                    "message": message,
                    "value": clipped,
                }
            )

    def take_keys(self, cells: pl.DataFrame) -> None:
        start = self.first_row + self.rows
        row = pl.int_range(start, start + cells.height, dtype=pl.Int64).alias("row")
        for key, repeats in self.uniques.items():
            values = [pl.col(f"value {name}") for name in key]
            whole = pl.struct(values) if len(values) > 1 else values[0]
            empty = pl.any_horizontal(value.is_null() for value in values)
            hashes = cells.select(whole.hash().alias("hash"), row, empty.alias("empty"))
            repeats.add(hashes.filter(~pl.col("empty")).drop("empty"))

    def note_repeats(self, key: tuple[str, ...], repeats: Repeats) -> None:
        is_primary = key == self.schema.primary_key
        code = "primaryKey" if is_primary else "unique"
        column = key[0] if len(key) == 1 else None
        for found in repeats.found():
            room = max(self.cap - len(self.errors), 0)
            for row, first in found.head(room).iter_rows():
                message = f"Row {row} repeats the {', '.join(key)} of row {first}."
                self.note(row, column, code, message)
            self.error_count += max(found.height - room, 0)

    def report(self) -> dict[str, Any]:
        """End the checking and return what was found, ready to be sent as JSON.

        `warnings` name what the schema asks for and nobody checked; they leave a table
        valid. A schema that makes no sense does not.
        """
        for key, repeats in self.uniques.items():
            self.note_repeats(key, repeats)
        self.uniques = {}
        self.close()
        for problem in self.problems:
            self.note(None, problem.column, "schema", problem.message)
        self.problems = []
        return {
            "valid": self.error_count == 0,
            "rows": self.rows,
            "error_count": self.error_count,
            "capped": self.error_count > len(self.errors),
            "errors": sorted(self.errors, key=place),
            "warnings": [warning.message for warning in self.warnings],
        }

    def close(self) -> None:
        """Remove temporary files; the report does so too."""
        self.resources.close()


def place(error: dict[str, Any]) -> tuple[int, str]:
    return error["row"] or 0, error["column"] or ""


def columns_of(field: Field) -> tuple[str, str, str]:
    return f"text {field.name}", f"value {field.name}", f"missing {field.name}"


def cell_columns(fields: list[Field], schema: Schema) -> list[pl.Expr]:
    """Return three columns a field: its text, its value, whether it is missing."""
    return [
        expression.alias(name)
        for field in fields
        for name, expression in zip(
            columns_of(field), cell_parts(field, schema[field.name]), strict=True
        )
    ]


def cell_parts(field: Field, have: pl.DataType) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    text = as_text(field.name, have)
    return text, typed(field, text), is_missing(field, text)
