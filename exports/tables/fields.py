"""A Table Schema read into values; what makes no sense in it is listed, not raised."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TYPES = frozenset({
    "any", "array", "boolean", "date", "datetime", "duration", "geojson", "geopoint",
    "integer", "number", "object", "string", "time", "year", "yearmonth",
})  # fmt: skip
TEMPORAL = frozenset({"date", "datetime", "time"})
TRUE = ("true", "True", "TRUE", "1")
FALSE = ("false", "False", "FALSE", "0")


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: str = "string"
    format: str = "default"
    missing: tuple[str, ...] = ("",)
    true_values: tuple[str, ...] = TRUE
    false_values: tuple[str, ...] = FALSE
    decimal_char: str = "."
    group_char: str = ""
    bare_number: bool = True
    constraints: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the schema itself."""

    message: str
    column: str | None = None


@dataclass(frozen=True, slots=True)
class TableSchema:
    fields: tuple[Field, ...] = ()
    primary_key: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_schema(descriptor: object) -> TableSchema:
    """Read a Table Schema, version 1; a field of unknown type is read as `any`."""
    problems: list[Problem] = []
    schema = mapping(descriptor)
    items = schema.get("fields")
    if not isinstance(items, list):
        problems.append(Problem("The schema has no list of fields."))
        items = []
    missing = strings(schema.get("missingValues")) or ("",)
    fields = tuple(read_fields(items, missing, problems))
    key = strings(schema.get("primaryKey"))
    known = {one.name for one in fields}
    problems += [
        Problem(f"The primary key names {name!r}, which is no field.", name)
        for name in key
        if name not in known
    ]
    key = tuple(name for name in key if name in known)
    return TableSchema(fields, key, tuple(problems))


def read_fields(
    items: list[Any], missing: tuple[str, ...], problems: list[Problem]
) -> Iterator[Field]:
    seen: set[str] = set()
    for number, item in enumerate(items, 1):
        name = mapping(item).get("name")
        if not isinstance(name, str) or not name:
            problems.append(Problem(f"Field {number} of the schema has no name."))
        elif name in seen:
            problems.append(Problem(f"Field {name!r} is in the schema twice.", name))
        else:
            seen.add(name)
            yield checked(read_field(name, item, missing), problems)


def read_field(name: str, item: Mapping[str, Any], missing: tuple[str, ...]) -> Field:
    return Field(
        name,
        type=text(item.get("type"), "string"),
        format=text(item.get("format"), "default").removeprefix("fmt:"),
        missing=strings(item.get("missingValues")) or missing,
        true_values=strings(item.get("trueValues")) or TRUE,
        false_values=strings(item.get("falseValues")) or FALSE,
        decimal_char=text(item.get("decimalChar"), "."),
        group_char=text(item.get("groupChar"), ""),
        bare_number=item.get("bareNumber") is not False,
        constraints=mapping(item.get("constraints")),
    )


def checked(one: Field, problems: list[Problem]) -> Field:
    """Return the field, as `any` when its type or its pattern cannot be used."""
    if one.type not in TYPES:
        problems.append(
            Problem(f"Field {one.name!r} has the unknown type {one.type!r}.", one.name)
        )
        return Field(one.name, type="any", missing=one.missing)
    if one.type in TEMPORAL and not is_pattern(one.format):
        problems.append(
            Problem(f"Field {one.name!r}: {one.format!r} is no date format.", one.name)
        )
        return Field(one.name, type="any", missing=one.missing)
    return one


def is_pattern(format_: str) -> bool:
    """Tell whether Python can print a time by the pattern and read it again."""
    if format_ in {"default", "any"}:
        return True
    moment = datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001 - only its text matters
    try:
        datetime.strptime(moment.strftime(format_), format_)  # noqa: DTZ007
    except (ValueError, UnicodeError):
        return False
    return "%" in format_


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def text(value: object, default: str) -> str:
    return value if isinstance(value, str) else default


def strings(value: object) -> tuple[str, ...]:
    """Return a string or a list of strings as a tuple; leave out all else."""
    items = value if isinstance(value, list) else [value]
    return tuple(item for item in items if isinstance(item, str))
