"""Parquet, with the types that the table has."""

from typing import IO, Final, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from exports.tables.parquet_types import retyped, to_parquet
from exports.tables.pieces import Pieces
from exports.tables.types import Schema
from exports.tables.writer import DEFAULTS, Columns, Sink, WriteOptions, Writer

GROUP_ROWS = 100_000
GROUP_BYTES = 32 << 20  # of rows that wait for their group to be full
CODEC: Final = "zstd"
LEVEL = 1  # half the size of snappy in the same time


class OpenPieces(Pieces):
    """Pieces that Arrow takes for an open file."""

    closed = False


class ParquetWriter(Writer):
    """Collects rows to groups of about 100,000, so its bytes come late.

    All frames have the types of the first, or of the schema that was given. 128-bit
    integers are decimals of 38 digits. Raises WrongType if a value has no place.
    """

    def __init__(
        self, out: Sink, columns: Columns, options: WriteOptions = DEFAULTS
    ) -> None:
        super().__init__(out, columns, options)
        self.pieces = OpenPieces()
        self.waiting: list[pa.Table] = []
        self.types: Schema = {}
        self.file: pq.ParquetWriter | None = None

    def head(self) -> bytes:
        given = self.schema or {}
        self.types = {
            name: to_parquet(given.get(name, pl.String())) for name in self.columns
        }
        schema = arrow_table(pl.DataFrame(schema=self.types)).schema
        self.file = pq.ParquetWriter(
            cast("IO[bytes]", self.pieces),
            schema,
            compression=CODEC,
            compression_level=LEVEL,
        )
        return self.pieces.drain()

    def body(self, frame: pl.DataFrame) -> bytes:
        types = self.types.values()
        columns = zip(frame.get_columns(), types, strict=True)
        typed = pl.DataFrame([retyped(*column) for column in columns])
        self.waiting.append(arrow_table(typed))
        rows = sum(part.num_rows for part in self.waiting)
        size = sum(part.nbytes for part in self.waiting)
        if rows >= GROUP_ROWS or size >= GROUP_BYTES:
            self.put_group()
        return self.pieces.drain()

    def tail(self) -> bytes:
        self.put_group()
        self.abandon()
        return self.pieces.drain()

    def abandon(self) -> None:
        if self.file:
            self.file.close()

    def put_group(self) -> None:
        if self.waiting and self.file:
            group = pa.concat_tables(self.waiting)
            self.waiting = []
            self.file.write_table(group, row_group_size=GROUP_ROWS)


def arrow_table(frame: pl.DataFrame) -> pa.Table:
    """Return a frame in the layout that all readers of Parquet know."""
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())
