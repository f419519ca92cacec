"""The rules of a Table Schema as masks: true where a row breaks one."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from exports.tables.faults import POLARS
from exports.tables.fields import Field, Problem
from exports.tables.typed import dtype_of, typed

FORMATS = {
    "email": r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    "uri": r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$",
    "uuid": r"(?i)^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    "binary": r"^[A-Za-z0-9+/\s]*={0,2}\s*$",
}
BOUNDED = frozenset({"integer", "number", "date", "time", "datetime", "year"})
BOUNDED |= {"yearmonth"}  # as text it sorts as in time


class CannotCheck(Exception):
    """A constraint that is right elsewhere, but not for us."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One field's cells as expressions: what they say, and what they mean."""

    text: pl.Expr
    value: pl.Expr
    missing: pl.Expr


@dataclass(frozen=True, slots=True)
class Rule:
    column: str
    code: str
    message: str
    broken: pl.Expr


Made = tuple[str, pl.Expr]  # what a good cell is, and where it is not
Maker = Callable[[Field, Cell, Any], Made]


def rules_of(
    field: Field, cell: Cell, problems: list[Problem], warnings: list[Problem]
) -> Iterator[Rule]:
    """Give the rules of one field; name those that make no sense."""
    name = field.name
    unfit = ~cell.missing & cell.value.is_null()
    yield Rule(name, "type", f"is no {kind(field)}", unfit)
    if field.type == "string" and field.format in FORMATS:
        wrong = ~cell.value.str.contains(FORMATS[field.format])
        yield Rule(name, "format", f"is no {field.format}", wrong)
    for code, bound in field.constraints.items():
        maker = MAKERS.get(code)
        if maker is None:
            continue
        try:
            message, broken = maker(field, cell, bound)
        except (TypeError, ValueError) as error:
            problems.append(Problem(f"Field {name!r}, {code}: {error}.", name))
        except CannotCheck as error:
            warnings.append(Problem(f"Field {name!r}, {code}: {error}.", name))
        else:
            yield Rule(name, code, message, broken)


def kind(field: Field) -> str:
    usual = field.format == "default"
    return field.type if usual else f"{field.type} of the format {field.format!r}"


def enum(field: Field, cell: Cell, bound: Any) -> Made:
    if not isinstance(bound, list) or not bound:
        raise ValueError("it must be a list of values")
    values = pl.Series([constant(field, one) for one in bound], dtype=dtype_of(field))
    return "is not one of the allowed values", ~cell.value.is_in(values.implode())


def pattern(field: Field, cell: Cell, bound: Any) -> Made:
    if not isinstance(bound, str):
        raise TypeError("it must be a regular expression")
    whole = f"^(?:{bound})$"
    check_pattern(whole)
    return f"does not match {bound[:100]!r}", ~cell.missing & ~cell.text.str.contains(
        whole
    )


def check_pattern(whole: str) -> None:
    """Tell a wrong pattern from one that a linear-time engine cannot run."""
    try:
        pl.Series([""]).str.contains(whole)
    except POLARS as error:
        try:
            re.compile(whole)
        except (re.error, OverflowError, RecursionError) as wrong:
            raise ValueError(f"it is no regular expression: {wrong}") from error
        raise CannotCheck(
            "the pattern cannot be checked, as it looks around or refers back,"
            " or is too large"
        ) from error


def minimum(field: Field, cell: Cell, bound: Any) -> Made:
    return f"is less than {bound}", cell.value < limit(field, bound)


def maximum(field: Field, cell: Cell, bound: Any) -> Made:
    return f"is more than {bound}", cell.value > limit(field, bound)


def min_length(field: Field, cell: Cell, bound: Any) -> Made:
    return f"is shorter than {bound}", length(field, cell) < whole_number(bound)


def max_length(field: Field, cell: Cell, bound: Any) -> Made:
    return f"is longer than {bound}", length(field, cell) > whole_number(bound)


def length(field: Field, cell: Cell) -> pl.Expr:
    if field.type not in {"string", "any"}:
        raise CannotCheck("the length of this type is not checked")
    return cell.value.str.len_chars()


def whole_number(bound: Any) -> int:
    if isinstance(bound, bool) or not isinstance(bound, int):
        raise TypeError(f"{bound!r} is no whole number")
    return bound


def limit(field: Field, bound: Any) -> pl.Expr:
    if field.type not in BOUNDED:
        raise ValueError(f"the type {field.type} has no order")
    return pl.lit(constant(field, bound), dtype=dtype_of(field))


def constant(field: Field, value: Any) -> Any:
    """Read a value of the schema as a cell of the field would be read."""
    if not isinstance(value, str):
        # A JSON number is written with a point, whatever the cells are written with.
        field = replace(field, decimal_char=".", group_char="", bare_number=True)
        value = str(int(value)) if is_whole(value) else json.dumps(value)
    made = pl.select(typed(replace(field, missing=()), pl.lit(value))).item()
    if made is None:
        raise ValueError(f"{value!r} is no {kind(field)}")
    return made


def is_whole(value: object) -> bool:
    return isinstance(value, float) and value.is_integer()


MAKERS: Mapping[str, Maker] = {
    "enum": enum,
    "maxLength": max_length,
    "maximum": maximum,
    "minLength": min_length,
    "minimum": minimum,
    "pattern": pattern,
}
