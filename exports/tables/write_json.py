"""One compact JSON array of objects."""

import io

import polars as pl

from exports.tables.as_text import json_ready, unmarked
from exports.tables.writer import Writer


class JsonWriter(Writer):
    pastes = True

    def head(self) -> bytes:
        return b"["

    def body(self, frame: pl.DataFrame) -> bytes:
        objects = json_array(frame)[1:-1]
        return b"," + objects if self.rows else objects

    def paste(self, block: bytes, *, rows: int) -> None:
        comma = b"," if rows and self.rows else b""
        super().paste(comma + block, rows=rows)

    def tail(self) -> bytes:
        return b"]"


def json_array(frame: pl.DataFrame) -> bytes:
    """Return valid JSON: what is not finite is null, decimals are numbers."""
    out = io.BytesIO()
    frame.select(json_ready(frame.schema)).write_json(out)
    return unmarked(out.getvalue())
