"""A dialect as Data Package descriptors and tabulator's parameters say it."""

from collections.abc import Mapping
from typing import Any

from exports.tables.errors import BadHeader
from exports.tables.types import Dialect

NOTHING: Mapping[str, Any] = {}


def read_dialect(
    resource: Mapping[str, Any], tabulator: Mapping[str, Any] = NOTHING
) -> Dialect:
    """Read a resource's `dialect` and `encoding`; what tabulator is told wins.

    Raises BadHeader for a value that makes no sense (contract 001, 3.1.5).
    """
    given = resource.get("dialect")
    described = given if isinstance(given, Mapping) else NOTHING
    return Dialect(
        delimiter=text("delimiter", tabulator, described),
        encoding=text("encoding", tabulator, resource),
        quote=text("quotechar", tabulator) or text("quoteChar", described) or None,
        escape=text("escapechar", tabulator) or text("escapeChar", described),
        headers=read_headers(tabulator.get("headers", 1)),
        sheet=read_sheet(tabulator.get("sheet", 1)),
        skip_rows=whole("skip_rows", tabulator.get("skip_rows", 0), least=0),
    )


def text(name: str, *places: Mapping[str, Any]) -> str:
    for place in places:
        value = place.get(name)
        if isinstance(value, str) and value:
            return value
        if value is not None and value != "":
            raise BadHeader(f"{name!r} must be a text, not {value!r}.")
    return ""


def read_headers(value: object) -> int | tuple[int, int] | tuple[str, ...]:
    """Read a row number, the first and last of several, or a list of names."""
    if not isinstance(value, list):
        return whole("headers", value, least=1)
    if value and all(isinstance(name, str) for name in value):
        return tuple(value)
    if len(value) not in {1, 2}:
        raise BadHeader("'headers' must be a row number or a list of names.")
    first = whole("headers", value[0], least=1)
    return first, whole("headers", value[-1], least=first)


def read_sheet(value: object) -> int | str:
    return value if isinstance(value, str) else whole("sheet", value, least=1)


def whole(name: str, value: object, *, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise BadHeader(f"{name!r} must be a whole number from {least}.")
    return value
