"""Tables and what is known of their columns, to be kept or sent elsewhere."""

import io
from base64 import b64decode, b64encode
from typing import Any

import polars as pl

from exports.tables.drift import Seen
from exports.tables.types import Schema


def packed_schema(schema: Schema) -> str:
    """Return base64 of an empty table: what Polars reads back with the same types."""
    block = io.BytesIO()
    pl.DataFrame(schema=schema).write_ipc_stream(block)
    return b64encode(block.getvalue()).decode()


def unpacked_schema(text: str) -> dict[str, pl.DataType]:
    return dict(pl.read_ipc_stream(io.BytesIO(b64decode(text))).schema)


def packed_frame(frame: pl.DataFrame) -> bytes:
    block = io.BytesIO()
    frame.write_ipc_stream(block, compression="lz4")
    return block.getvalue()


def unpacked_frame(block: bytes) -> pl.DataFrame:
    return pl.read_ipc_stream(io.BytesIO(block))


def packed_seen(seen: Seen) -> dict[str, Any]:
    return {
        "page": seen.page,
        "schema": packed_schema(seen.schema),
        "long": sorted(seen.long),
    }


def unpacked_seen(packed: dict[str, Any]) -> Seen:
    return Seen(packed["page"], unpacked_schema(packed["schema"]), set(packed["long"]))
