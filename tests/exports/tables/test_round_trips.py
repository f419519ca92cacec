"""Every format gives equal cells of equal types to a reader that is not ours."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from openpyxl.utils.escape import unescape

from tests.exports.tables.made import halves, tables
from tests.exports.tables.reading import read, written

# How text says a value of each type.
FROM_TEXT: dict[type[pl.DataType], Callable[[str], Any]] = {
    pl.String: str,
    pl.Int64: int,
    pl.Float64: float,
    pl.Boolean: {"true": True, "false": False}.__getitem__,
    pl.Date: date.fromisoformat,
    pl.Datetime: datetime.fromisoformat,
    pl.Time: time.fromisoformat,
    pl.Decimal: Decimal,
    pl.List: json.loads,
    pl.Struct: json.loads,
}
ARROW = {
    pl.String: pa.large_string(),
    pl.Null: pa.large_string(),
    pl.Int64: pa.int64(),
    pl.Float64: pa.float64(),
    pl.Boolean: pa.bool_(),
    pl.Date: pa.date32(),
    pl.Datetime: pa.timestamp("us"),
    pl.Time: pa.time64("ns"),
    pl.Decimal: pa.decimal128(20, 2),
}


def from_text(text: str, dtype: pl.DataType) -> Any:
    return FROM_TEXT[type(dtype)](text)


@settings(deadline=None)
@given(tables())
def test_the_csv_module_reads_equal_cells(frame: pl.DataFrame) -> None:
    text = written("csv", *halves(frame)).decode()

    names, *rows = csv.reader(io.StringIO(text, newline=""))

    assert names == frame.columns
    for row, cells in zip(frame.rows(), rows, strict=True):
        for value, cell, dtype in zip(row, cells, frame.dtypes, strict=True):
            # CSV has one empty cell for null and for the empty text.
            assert (from_text(cell, dtype) if cell else None) == (
                None if value == "" else value
            )


@settings(deadline=None)
@given(tables())
def test_the_json_module_reads_equal_values(frame: pl.DataFrame) -> None:
    parts = halves(frame)
    lines = written("ndjson", *parts).decode().split("\n")

    rows = json.loads(written("json", *parts), parse_float=Decimal)
    again = [json.loads(line, parse_float=Decimal) for line in lines if line]

    assert again == rows
    assert [list(row) for row in rows] == [frame.columns] * frame.height
    assert [tuple(map(from_json, row.values(), frame.dtypes)) for row in rows] == (
        frame.rows()
    )


def from_json(value: Any, dtype: pl.DataType) -> Any:
    """Take what JSON has no type for from its text."""
    if value is None:
        return None
    if isinstance(dtype, pl.Float64):
        return float(value)
    if isinstance(dtype, pl.Date | pl.Datetime | pl.Time):
        return from_text(value, dtype)
    assert isinstance(value, str) == isinstance(dtype, pl.String)
    return value


@settings(deadline=None)
@given(tables())
def test_openpyxl_reads_equal_cells_and_no_formula(frame: pl.DataFrame) -> None:
    content = written("xlsx", *halves(frame))

    book = openpyxl.load_workbook(io.BytesIO(content))
    [sheet] = book.worksheets
    names, *rows = sheet.iter_rows(max_col=frame.width)

    assert [unescape(str(cell.value)) for cell in names] == frame.columns
    assert b"<f" not in sheet_xml(content)
    for row, cells in zip(frame.rows(), rows, strict=True):
        for value, cell, dtype in zip(row, cells, frame.dtypes, strict=True):
            assert same_cell(value, cell.value, dtype), (value, cell.value)


def sheet_xml(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return re.sub(rb"<t [^>]*>[^<]*", b"", archive.read("xl/worksheets/sheet1.xml"))


def same_cell(value: Any, cell: Any, dtype: pl.DataType) -> bool:
    """Compare in the type the cell has; a text is what the value says of itself."""
    if isinstance(cell, str):
        return bool(from_text(unescape(cell), dtype) == value)
    match value:
        case None | bool() | int() | float():
            return bool(cell == value) and type(cell) is type(value)
        case Decimal():
            return isinstance(cell, int | float) and Decimal(repr(cell)) == value
        case datetime() | time():
            return bool(
                cell == value.replace(microsecond=value.microsecond // 1000 * 1000)
            )
        case date():
            return bool(cell == datetime.combine(value, time()))
    return False


@settings(deadline=None)
@given(tables())
def test_pyarrow_reads_equal_values_of_equal_types(frame: pl.DataFrame) -> None:
    table = pq.read_table(io.BytesIO(written("parquet", *halves(frame))))

    assert table.to_pylist() == frame.to_dicts()
    for field, dtype in zip(table.schema, frame.dtypes, strict=True):
        if not dtype.is_nested():
            assert field.type == ARROW[type(dtype)]
        assert pa.types.is_struct(field.type) == isinstance(dtype, pl.Struct)
        assert pa.types.is_large_list(field.type) == isinstance(dtype, pl.List)


@settings(deadline=None)
@given(tables())
def test_our_own_reader_takes_parquet_back(frame: pl.DataFrame) -> None:
    content = written("parquet", *halves(frame))

    assert read(content, "x.parquet") == (frame.columns, frame.rows())


@pytest.mark.parametrize("inner", ["csv", "json", "ndjson", "parquet", "xlsx"])
def test_a_zip_holds_the_same_bytes_as_the_plain_file(inner: str) -> None:
    frame = pl.DataFrame({"a": [1, None], "b": ["x", "=1"], "c": [[1.5], []]})

    with zipfile.ZipFile(io.BytesIO(written("zip", frame, inner=inner))) as archive:
        assert archive.read(f"data.{inner}") == written(inner, frame)
