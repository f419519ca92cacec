"""Flows from a typed table, in Parquet, to a workbook: ours and the usual ones."""

from pathlib import Path

import openpyxl
import polars as pl
import pyarrow.parquet as pq

from exports.tables import open_table, open_writer


def ours(source: str, folder: Path) -> int:
    target = folder / "ours.xlsx"
    with (
        Path(source).open("rb") as file,
        open_table(file, name="t.parquet") as table,
        target.open("wb") as out,
        open_writer("xlsx", out, table.schema) as writer,
    ):
        for frame in table:
            writer.write(frame)
    return target.stat().st_size


def openpyxl_write_only(source: str, folder: Path) -> int:
    """Row by row, the way of openpyxl that keeps no cells in memory."""
    target = folder / "openpyxl.xlsx"
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    file = pq.ParquetFile(source)
    sheet.append(file.schema_arrow.names)
    for batch in file.iter_batches(batch_size=20_000):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            sheet.append(row)
    book.save(target)
    return target.stat().st_size


def polars_write_excel(source: str, folder: Path) -> int:
    """Eager Polars, as most scripts have it."""
    target = folder / "polars.xlsx"
    pl.read_parquet(source).write_excel(target)
    return target.stat().st_size
