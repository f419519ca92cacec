"""Blocks of JSON objects, one a line, turned into frames."""

import re
from collections.abc import Iterator
from typing import Any

import orjson
import polars as pl

from exports.tables.errors import BadRow, TooLarge
from exports.tables.faults import POLARS, said

MAX_DEPTH = 64  # Polars overflows its stack before a thousand
MAX_COLUMNS = 20_000
MAX_CELLS = 50_000_000  # of a block, which has a cell for each key in each row
PIECE_BYTES = 64 << 10

BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
SURROGATE = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]")


def json_frame(block: bytes, first: int, *, unit: str = "line") -> pl.DataFrame:
    """Return one frame; `first` is the number of the block's first object.

    A column that mixes kinds of values becomes text, as no typed column could hold all
    that it says.
    """
    check_depth(block)
    check_surrogates(block, first, unit)
    try:
        frame = plain_frame(block)
    except POLARS:
        frame = mixed_frame(block, first, unit)
    if not frame.width:
        return frame  # to select nothing would drop its rows, which are objects too
    return frame.select(keys_in_order(frame.width, objects_in(block, first, unit)))


def plain_frame(block: bytes) -> pl.DataFrame:
    """Parse what Polars can infer a schema for; it raises what it cannot."""
    merged: dict[str, pl.DataType] = {}
    agree, rows = True, block.count(b"\n")
    for piece in pieces(block):
        # To infer takes the square of the keys that differ, so a little at a time.
        schema = pl.scan_ndjson(piece, infer_schema_length=None).collect_schema()
        for key, dtype in schema.items():
            known = merged.setdefault(key, dtype)
            if known == pl.Null():
                merged[key] = dtype
            elif dtype not in {known, pl.Null()}:
                agree = False
        check_width(len(merged), rows)
    if agree and merged:
        return pl.read_ndjson(block, schema=merged)
    return pl.read_ndjson(block, infer_schema_length=None)


def pieces(block: bytes) -> Iterator[bytes]:
    """Cut a block where lines end."""
    at = 0
    while at < len(block):
        end = block.find(b"\n", at + PIECE_BYTES)
        end = len(block) if end < 0 else end
        if piece := block[at:end].strip():
            yield piece
        at = end + 1


def check_width(width: int, rows: int) -> None:
    """Refuse what is small as text, and large as a table with a cell for each key."""
    if width > MAX_COLUMNS:
        raise TooLarge(f"The objects have more than {MAX_COLUMNS:,} keys.")
    if width * rows > MAX_CELLS:
        raise TooLarge(f"The objects have {width:,} keys, each of them but few.")


def keys_in_order(count: int, objects: Iterator[dict[str, Any]]) -> list[str]:
    """Return the keys as they first appear, which Polars does not keep to."""
    keys: dict[str, None] = {}
    while len(keys) < count:
        keys |= dict.fromkeys(next(objects))
    return list(keys)


def mixed_frame(block: bytes, first: int, unit: str) -> pl.DataFrame:
    """Parse what Polars cannot infer a schema for, or say which object is wrong."""
    schema = schema_of(objects_in(block, first, unit))
    check_width(len(schema), block.count(b"\n"))
    try:
        return pl.read_ndjson(block, schema=schema)
    except POLARS as error:
        message = f"In {unit} {first} or later: {said(error)}."
        raise BadRow(message, row=first) from error


def bad(number: int, unit: str, reason: str) -> BadRow:
    return BadRow(f"{unit.capitalize()} {number}: {reason}.", row=number)


def numbered_lines(block: bytes, first: int) -> Iterator[tuple[int, bytes]]:
    lines = enumerate(block.split(b"\n"), first)
    return ((number, line) for number, line in lines if line.strip())


def objects_in(block: bytes, first: int, unit: str) -> Iterator[dict[str, Any]]:
    for number, line in numbered_lines(block, first):
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise bad(number, unit, f"not valid JSON: {error}") from error
        if not isinstance(value, dict):
            raise bad(number, unit, "a JSON object is expected")
        yield value


def schema_of(objects: Iterator[dict[str, Any]]) -> dict[str, pl.DataType]:
    seen: dict[str, set[pl.DataType]] = {}
    for item in objects:
        for key, value in item.items():
            seen.setdefault(key, set()).add(type_of(value))
    return {key: common_type(types - {pl.Null()}) for key, types in seen.items()}


def common_type(types: set[pl.DataType]) -> pl.DataType:
    if len(types) == 1:
        return types.pop()
    numbers = {pl.Int64(), pl.Int128(), pl.Float64()}
    if types and types <= numbers:
        return pl.Float64() if pl.Float64() in types else pl.Int128()
    return pl.String()


def type_of(value: object) -> pl.DataType:
    match value:
        case None:
            return pl.Null()
        case bool():
            return pl.Boolean()
        case int():
            return pl.Int64() if -(2**63) <= value < 2**63 else pl.Int128()
        case float():
            return pl.Float64()
    return pl.String()


def check_depth(block: bytes) -> None:
    """Refuse deep nesting by taking away the innermost brackets again and again."""
    if too_deep(block) and too_deep(STRING.sub(b"", block)):
        raise TooLarge(f"The JSON is nested more than {MAX_DEPTH} deep.")


def too_deep(block: bytes) -> bool:
    brackets = block.translate(None, BRACKETS)
    for _ in range(MAX_DEPTH):
        fewer = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(fewer) == len(brackets):
            # Brackets in strings, or none at all: what is left bounds the depth.
            return brackets.count(b"{") + brackets.count(b"[") > MAX_DEPTH
        brackets = fewer
    return bool(brackets)


def check_surrogates(block: bytes, first: int, unit: str) -> None:
    """Refuse half a character, which Polars would silently read as NUL."""
    if b"\\u" not in block or not SURROGATE.search(PAIR.sub(b"", block)):
        return
    for number, line in numbered_lines(block, first):
        if SURROGATE.search(PAIR.sub(b"", line)):
            raise bad(number, unit, "half a surrogate pair is no character")
