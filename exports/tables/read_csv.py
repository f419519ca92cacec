"""Delimited text, read as strings so that nothing a cell says is lost."""

from dataclasses import replace
from typing import IO, cast

import polars as pl
import pyarrow as pa
import pyarrow.csv as pc

from exports.tables.encodings import as_utf8
from exports.tables.errors import BadRow
from exports.tables.faults import csv_fault
from exports.tables.headers import HEAD_BYTES, read_header
from exports.tables.source import Source
from exports.tables.stream import Stream
from exports.tables.types import Dialect, Frames, Table

BLOCK_BYTES = 4 << 20


def read_csv(source: Source) -> Table:
    text, encoding = as_utf8(source.stream, declared=source.dialect.encoding)
    columns, dialect, first_row = read_header(text, source.dialect)
    return Table(
        schema={name: pl.String() for name in columns},
        frames=frames(text, columns, dialect, first_row),
        format="csv",
        dialect=replace(dialect, encoding=encoding),
        first_row=first_row,
    )


def read_tsv(source: Source) -> Table:
    """Read text that is cut by tabs, unless it turns out to have none."""
    dialect = source.dialect
    if not dialect.delimiter and b"\t" in source.stream.peek(HEAD_BYTES):
        source = replace(source, dialect=replace(dialect, delimiter="\t"))
    table = read_csv(source)
    table.format = "tsv"
    return table


def frames(
    text: Stream, columns: list[str], dialect: Dialect, first_row: int
) -> Frames:
    if not text.peek(1):
        return
    try:
        batch = None
        for batch in open_batches(text, columns, dialect):
            yield pl.DataFrame(batch)
    except pa.ArrowInvalid as error:
        raise csv_fault(error, columns, first_row) from error
    check_end(batch, text, dialect)


def open_batches(
    text: Stream, columns: list[str], dialect: Dialect
) -> pc.CSVStreamingReader:
    """Open Arrow's reader on one thread: only then does it know row numbers."""
    return pc.open_csv(
        cast("IO[bytes]", text),
        read_options=pc.ReadOptions(
            column_names=columns, block_size=BLOCK_BYTES, use_threads=False
        ),
        parse_options=pc.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote or False,
            escape_char=dialect.escape or False,
            newlines_in_values=True,
        ),
        convert_options=pc.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.large_string()),
            strings_can_be_null=False,
        ),
    )


def check_end(batch: pa.RecordBatch | None, text: Stream, dialect: Dialect) -> None:
    """Refuse a last cell that swallowed the rest of the file for want of a quote."""
    if not batch or not batch.num_rows or not dialect.quote:
        return
    cell = batch.column(batch.num_columns - 1)[-1].as_py()
    if "\n" in cell and not text.last.rstrip().endswith(dialect.quote.encode()):
        raise BadRow("The last row opens a quote and never closes it.")
