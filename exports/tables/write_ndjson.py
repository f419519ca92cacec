"""JSON objects, one a line."""

import io

import polars as pl

from exports.tables.as_text import json_ready, unmarked
from exports.tables.writer import Writer


class NdjsonWriter(Writer):
    pastes = True

    def head(self) -> bytes:
        return b""

    def body(self, frame: pl.DataFrame) -> bytes:
        out = io.BytesIO()
        frame.select(json_ready(frame.schema)).write_ndjson(out)
        return unmarked(out.getvalue())

    def tail(self) -> bytes:
        return b""
