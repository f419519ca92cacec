"""A workbook holds every cell as what it is, or says that it could not."""

import io
import re
import zipfile
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import polars as pl
import pytest

from exports.tables import WriteOptions, Writer, open_writer
from exports.tables.errors import TooLarge, UnknownColumn
from exports.tables.remarks import Remark
from tests.exports.tables.reading import read, write_half, written

WHOLE_DAY = datetime.fromisoformat("2020-01-02T00:00:00")
AT = datetime.fromisoformat("2020-01-02T03:04:05")


def cells(content: bytes, sheet: int = 0) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [list(row) for row in book.worksheets[sheet].iter_rows(values_only=True)]


def remarked(frame: pl.DataFrame) -> tuple[list[Remark], int]:
    writer = write(frame)
    return writer.remarks, writer.remarked


def write(*frames: pl.DataFrame, **options: Any) -> Writer:
    names = frames[0].columns
    with open_writer("xlsx", io.BytesIO(), names, WriteOptions(**options)) as writer:
        for frame in frames:
            writer.write(frame)
    return writer


@pytest.mark.parametrize(
    ("value", "dtype", "cell"),
    [
        (2**53, pl.Int64(), 2**53),
        (-(2**53) - 1, pl.Int64(), "-9007199254740993"),
        (2**64 - 1, pl.UInt64(), "18446744073709551615"),
        (2**100, pl.Int128(), str(2**100)),
        (0.1, pl.Float32(), 0.1),
        (1e300, pl.Float64(), 1e300),
        (3.0, pl.Float64(), 3.0),
        (5e-324, pl.Float64(), "5e-324"),
        (float("nan"), pl.Float64(), "NaN"),
        (float("-inf"), pl.Float64(), "-inf"),
        (Decimal("1.10"), pl.Decimal(38, 2), 1.1),
        (Decimal("123456789012345.00"), pl.Decimal(38, 2), 123456789012345.0),
        (Decimal("1234567890123456.5"), pl.Decimal(38, 1), "1234567890123456.5"),
        (Decimal("-0.001"), pl.Decimal(38, 10), -0.001),
        (True, pl.Boolean(), True),
        (date(2020, 1, 2), pl.Date(), WHOLE_DAY),
        (date(1900, 3, 1), pl.Date(), datetime.fromisoformat("1900-03-01")),
        (date(1900, 2, 28), pl.Date(), "1900-02-28"),
        (AT, pl.Datetime("us"), AT),
        (AT, pl.Datetime("ns"), AT),
        (AT.replace(year=1899), pl.Datetime("ms"), "1899-01-02T03:04:05"),
        (AT.replace(tzinfo=UTC), pl.Datetime("us", "UTC"), "2020-01-02T03:04:05Z"),
        (AT.replace(microsecond=7000), pl.Datetime("us"), AT.replace(microsecond=7000)),
        (time(23, 59, 59, 999000), pl.Time(), time(23, 59, 59, 999000)),
        (timedelta(days=3, seconds=1), pl.Duration("us"), timedelta(days=3, seconds=1)),
        (timedelta(seconds=-1), pl.Duration("us"), "-PT1S"),
        ([1, None], pl.List(pl.Int64()), "[1,null]"),
        ({"k": AT}, pl.Struct({"k": pl.Datetime("us")}), '{"k":"2020-01-02T03:04:05"}'),
        (b"\xff\x00", pl.Binary(), "/wA="),
        ("a", pl.Categorical(), "a"),
        ("", pl.String(), ""),
        (None, pl.Null(), None),
    ],
)
def test_every_type_has_its_cell(value: Any, dtype: pl.DataType, cell: Any) -> None:
    frame = pl.DataFrame({"n": [1, 2], "a": pl.Series([value, None], dtype=dtype)})

    [_, first, second] = cells(written("xlsx", frame))

    assert first == [1, cell]
    assert type(first[1]) is type(cell)
    assert second == [2, None]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "@SUM(A1)", "007", "1e5", "TRUE", "#N/A"]
)
def test_text_stays_text_whatever_it_looks_like(text: str) -> None:
    content = written("xlsx", pl.DataFrame({"a": [text], "=b": [text]}))

    book = openpyxl.load_workbook(io.BytesIO(content))
    for row in book.worksheets[0].iter_rows(min_row=2):
        assert [(cell.value, cell.data_type) for cell in row] == [(text, "s")] * 2


def test_what_a_workbook_cannot_hold_is_remarked() -> None:
    frame = pl.DataFrame(
        {
            "n": [1, 2**60, None],
            "f": [float("inf"), 1.0, float("nan")],
            "d": [date(1800, 1, 1), None, date(2000, 1, 1)],
            "at": [AT.replace(microsecond=1), None, AT],
        }
    )

    remarks, count = remarked(frame)

    number = "kept as text, as no number of a workbook is equal to it"
    assert remarks == [
        Remark(2, "n", number),
        Remark(1, "f", number),
        Remark(3, "f", number),
        Remark(1, "d", "kept as text, as it is outside a workbook's calendar"),
        Remark(1, "at", "cut to the millisecond, as a workbook counts no less"),
    ]
    assert count == 5


def test_rows_of_remarks_count_through_frames_and_sheets() -> None:
    frame = pl.DataFrame({"a": [1, 2**60]})

    writer = write(frame, frame, sheet_rows=3)

    assert [remark.row for remark in writer.remarks] == [2, 4]


def test_all_remarks_are_counted_and_the_first_of_each_column_kept() -> None:
    frame = pl.DataFrame({"a": [2**60] * 30_000, "b": [2**60] * 30_000})

    remarks, count = remarked(frame)

    assert count == 60_000
    assert [(remark.row, remark.column) for remark in remarks] == [
        (row, column) for column in "ab" for row in range(1, 11)
    ]


@pytest.mark.parametrize("longest", ["x" * 32_767, "\U0001f600" * 16_383, "é" * 32_767])
def test_the_longest_text_fits_and_a_longer_one_is_cut_and_remarked(
    longest: str,
) -> None:
    frame = pl.DataFrame({"a": [longest, "short", longest + "\U0001f600"]})

    assert cells(written("xlsx", frame))[1:] == [[longest], ["short"], [longest]]
    message = "cut to 32,767 characters, the most that a cell holds"
    assert remarked(frame) == ([Remark(3, "a", message)], 1)


def test_a_name_of_a_column_is_cut_and_remarked_too() -> None:
    frame = pl.DataFrame({"n" * 40_000: [1]})

    assert cells(written("xlsx", frame)) == [["n" * 32_767], [1]]
    assert [remark.row for remark in remarked(frame)[0]] == [0]


def test_a_zip_passes_the_remarks_on() -> None:
    out = io.BytesIO()
    with open_writer("zip", out, ["a"], WriteOptions(inner="xlsx")) as writer:
        writer.write(pl.DataFrame({"a": [2**60]}))

    assert (writer.remarked, len(writer.remarks)) == (1, 1)


def test_sheets_split_and_each_has_the_header() -> None:
    frame = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})

    content = written("xlsx", frame, frame, sheet_rows=4, sheet="Data")

    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Data", "Data (2)"]
    assert cells(content, 0)[1:] == [[1, "x"], [2, "y"], [3, "z"], [1, "x"]]
    assert cells(content, 1) == [["a", "b"], [2, "y"], [3, "z"]]


def test_a_sheet_holds_exactly_as_many_rows_as_excel() -> None:
    frame = pl.DataFrame({"a": pl.repeat(1, (1 << 20) + 1, eager=True)})

    content = written("xlsx", frame)

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [n for n in archive.namelist() if "/sheet" in n]
        rows = [archive.read(name).count(b"<row>") for name in sheets]
    assert rows == [1 << 20, 3]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("a/b:c*[d]?\\", "a_b_c__d___"),
        ("x" * 40, "x" * 31),
        ("'q'", "q"),
        ("", "Sheet1"),
        ("History", "History_"),
        ("<&\"'>\n", "<&\"'>_"),
        ("\U0001f600" * 16, "\U0001f600" * 15),
    ],
)
def test_the_sheet_has_the_nearest_name_that_excel_takes(name: str, title: str) -> None:
    content = written("xlsx", pl.DataFrame({"a": [1]}), sheet=name)

    assert openpyxl.load_workbook(io.BytesIO(content)).sheetnames == [title]


def test_more_columns_than_a_sheet_has_are_refused() -> None:
    names = [str(n) for n in range(16_385)]

    with pytest.raises(TooLarge, match=r"16,384 columns at most, .* has 16,385"):
        open_writer("xlsx", io.BytesIO(), names)


def test_as_many_columns_as_a_sheet_has_are_written() -> None:
    frame = pl.DataFrame([pl.Series(str(n), [n]) for n in range(16_384)])

    with zipfile.ZipFile(io.BytesIO(written("xlsx", frame))) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    values = re.findall(r"<c><v>(\d+)</v></c>", xml)
    assert values == [str(n) for n in range(16_384)]


def test_a_table_without_rows_has_its_header() -> None:
    assert cells(written("xlsx", pl.DataFrame({"a": [], "b": []}))) == [["a", "b"]]


def test_frames_may_differ_in_their_types() -> None:
    frames = [pl.DataFrame({"a": [1]}), pl.DataFrame({"a": ["x"]})]

    assert cells(written("xlsx", *frames)) == [["a"], [1], ["x"]]


def test_our_own_reader_takes_it_back() -> None:
    frame = pl.DataFrame(
        {"i": [1], "f": [1.5], "s": ["=x"], "b": [True], "at": [AT], "t": [time(5)]}
    ).with_columns(d=date(2020, 1, 2), long=timedelta(days=2))

    assert read(written("xlsx", frame), "x.xlsx") == (frame.columns, frame.rows())


def test_equal_rows_give_equal_bytes() -> None:
    frame = pl.DataFrame({"a": ["x", "y"] * 100_000})

    assert written("xlsx", frame) == written("xlsx", frame)


def test_no_part_is_packed_in_a_way_that_excel_repairs() -> None:
    content = written("xlsx", pl.DataFrame({"a": [1]}))

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {part.extract_version for part in archive.infolist()} == {20}
        assert not any(part.extra for part in archive.infolist())


def test_an_error_leaves_no_workbook_behind() -> None:
    out = io.BytesIO()

    with pytest.raises(UnknownColumn):
        write_half("xlsx", out)

    assert not zipfile.is_zipfile(out)
