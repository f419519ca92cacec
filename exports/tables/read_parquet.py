"""Parquet, read in batches with the types it has."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars import selectors

from exports.tables.errors import BadRow, NotATable, TooLarge
from exports.tables.faults import POLARS, said
from exports.tables.headers import check_names
from exports.tables.parquet_types import from_parquet
from exports.tables.source import Source
from exports.tables.stream import check_cost
from exports.tables.types import Frames, Limits, Schema, Table

MAX_ROWS = 20_000
MAX_CELLS = 1 << 20
BUFFER_BYTES = 1 << 20  # of a column that is read page by page
FOOTER_BYTES = 64 << 20

FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # the years 1 to 9999, counted from 1970
PER_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
FAULTS: tuple[type[Exception], ...] = (
    pa.ArrowException,
    OSError,
    OverflowError,
    UnicodeDecodeError,
)


def read_parquet(source: Source) -> Table:
    file = source.seekable()
    with faults_named(source.name):
        opened = pq.ParquetFile(
            file,
            buffer_size=BUFFER_BYTES,
            pre_buffer=False,
            thrift_string_size_limit=FOOTER_BYTES,
            thrift_container_size_limit=FOOTER_BYTES,
        )
        check_size(opened.metadata, file.seek(0, io.SEEK_END), source.limits)
        arrow = opened.schema_arrow
        check_names(arrow.names)
        target = pa.schema([(field.name, from_parquet(field.type)) for field in arrow])
        schema = schema_of(target)
    frames = batches(opened, target, schema, source)
    return Table(schema, frames, "parquet", source.dialect, first_row=1)


def check_size(found: pq.FileMetaData, packed: int, limits: Limits) -> None:
    """Refuse what unpacks to too much, by the sizes the file gives itself.

    Those of single columns would tell more, but looking at them ends the whole
    process if they are damaged: Arrow's C++ exception is not caught there.
    """
    sizes = (found.row_group(n).total_byte_size for n in range(found.num_row_groups))
    check_cost(sum(max(size, 0) for size in sizes), packed, limits)


def schema_of(schema: pa.Schema) -> Schema:
    return dict(pl.DataFrame(schema.empty_table()).schema)


def batches(
    file: pq.ParquetFile, target: pa.Schema, schema: Schema, source: Source
) -> Frames:
    size = min(MAX_ROWS, MAX_CELLS // max(len(target), 1))
    decoded = 0
    with faults_named(source.name):
        for batch in file.iter_batches(batch_size=max(size, 1), use_threads=False):
            frame = frame_of(batch, target)
            check_years(frame)
            decoded += int(frame.estimated_size())
            # The packed size says nothing: equal cells are packed to almost none.
            check_cost(decoded, decoded, source.limits)
            yield frame


def frame_of(batch: pa.RecordBatch, target: pa.Schema) -> pl.DataFrame:
    batch.validate(full=True)  # Parquet may hold text that is not UTF-8
    columns = [
        made_readable(column, field.type)
        for column, field in zip(batch.columns, target, strict=True)
    ]
    return pl.DataFrame(pa.RecordBatch.from_arrays(columns, schema=target))


def check_years(frame: pl.DataFrame) -> None:
    """Refuse days that no other format could show; Polars panics over the farthest."""
    for column in frame.select(selectors.date() | selectors.datetime()):
        unit = getattr(column.dtype, "time_unit", None)
        # Without its name, which may be a pattern to Polars.
        days = column.alias("").to_physical() // (PER_DAY[unit] if unit else 1)
        if not days.is_between(FIRST_DAY, LAST_DAY).all():
            raise BadRow(
                f"Column {column.name!r} has a date outside the years 1 to 9999.",
                column=column.name,
            )


def made_readable(column: Any, dtype: pa.DataType) -> Any:
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    return column if column.type == dtype else column.cast(dtype)


@contextmanager
def faults_named(name: str) -> Iterator[None]:
    """Say that a file is damaged, whatever of it Arrow found first."""
    try:
        yield
    except MemoryError as error:
        raise TooLarge(f"{name!r} claims to hold more than fits.") from error
    except (*FAULTS, *POLARS) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's trouble, not Arrow's opinion
        raise NotATable(
            f"{name!r} is a Parquet file that cannot be read: {said(error)}."
        ) from error
