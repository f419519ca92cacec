"""The first rows of a table, ready to be sent as JSON."""

from typing import Any

import orjson
import polars as pl

from exports.tables.types import Frames, Schema
from exports.tables.write_json import json_array


def preview(schema: Schema, frames: Frames, *, rows: int = 20) -> dict[str, Any]:
    """Return `{"fields": [{"name", "type"}], "rows": [[…]]}`, types as Table Schema."""
    taken: list[list[Any]] = []
    for frame in frames:
        head = frame.select(list(schema)).head(rows - len(taken))
        taken += [list(row.values()) for row in orjson.loads(json_array(head))]
        if len(taken) >= rows:
            break
    fields = [{"name": name, "type": type_name(t)} for name, t in schema.items()]
    return {"fields": fields, "rows": taken}


def type_name(dtype: pl.DataType) -> str:
    names = (
        (pl.Boolean, "boolean"),
        (pl.Date, "date"),
        (pl.Datetime, "datetime"),
        (pl.Time, "time"),
        (pl.Duration, "duration"),
        (pl.Struct, "object"),
        (pl.List, "array"),
    )
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    return next((name for kind, name in names if isinstance(dtype, kind)), "string")
