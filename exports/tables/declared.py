"""The types that a caller declares for some columns of a table."""

from collections.abc import Mapping
from typing import Any

from exports.tables.cast import Caster
from exports.tables.columns import require
from exports.tables.errors import BadSchema
from exports.tables.fields import read_schema
from exports.tables.types import Schema

Types = Mapping[str, "str | Mapping[str, Any]"]  # column: type, or field descriptor


def caster_of(types: Types, schema: Schema, *, first_row: int) -> Caster:
    """Return what casts the columns. Raises UnknownColumn or BadSchema.

    A type is one of Table Schema's (`integer`), or a whole field descriptor
    (`{"type": "date", "format": "%d/%m/%Y"}`).
    """
    require(types, schema)
    fields = [{**descriptor_of(type_), "name": name} for name, type_ in types.items()]
    descriptor = {"fields": fields}
    for problem in read_schema(descriptor).problems:
        raise BadSchema(problem.message, column=problem.column)
    return Caster(descriptor, schema, first_row=first_row)


def descriptor_of(type_: "str | Mapping[str, Any]") -> Mapping[str, Any]:
    return {"type": type_} if isinstance(type_, str) else type_
