"""Workbooks give the types of their cells."""

import io
import zipfile
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest

from exports.tables import Dialect, Limits, read_xlsx
from exports.tables.errors import BadHeader, BadRow, NotATable, TableError, TooLarge
from tests.exports.tables.reading import read

# A workbook knows no time zones.
MIDNIGHT = datetime.fromisoformat("2020-01-02T00:00:00")
THREE = datetime.fromisoformat("2020-01-02T03:00:00")


def workbook(*rows: list[Any], more: dict[str, list[Any]] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    for title, row in (more or {}).items():
        book.create_sheet(title).append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_cells_keep_their_types() -> None:
    content = workbook(
        ["i", "f", "s", "b", "d", "at", "t", "none"],
        [1, 1.5, "007", True, date(2020, 1, 2), THREE, time(5)],
    )

    names, rows = read(content, "x.xlsx")

    assert names == ["i", "f", "s", "b", "d", "at", "t", "none"]
    assert rows == [
        (
            1,
            1.5,
            "007",
            True,
            date(2020, 1, 2),
            THREE,
            time(5),
            None,
        )
    ]


def test_a_column_of_mixed_kinds_becomes_text() -> None:
    content = workbook(["a"], [1], ["x"], [date(2020, 1, 2)], [False], [2.5])

    assert read(content, "x.xlsx")[1] == [
        ("1",),
        ("x",),
        ("2020-01-02",),
        ("false",),
        ("2.5",),
    ]


def test_types_are_agreed_between_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_xlsx, "ROWS_PER_FRAME", 1)
    content = workbook(["n", "d"], [1, date(2020, 1, 2)], [2.5, THREE], [None, None])

    assert read(content, "x.xlsx")[1] == [
        (1.0, MIDNIGHT),
        (2.5, THREE),
    ]


def test_blank_rows_and_empty_columns_at_the_end_are_no_data() -> None:
    content = workbook(["a", "b", None], [1, 2, None], [None], [3], [None, None, ""])

    assert read(content, "x.xlsx")[1] == [(1, 2), (3, None)]


def test_a_sheet_is_picked_by_number_or_name() -> None:
    content = workbook(["a"], more={"Second": ["b"]})

    assert read(content, "x.xlsx", dialect=Dialect(sheet=2))[0] == ["b"]
    assert read(content, "x.xlsx", dialect=Dialect(sheet="Second"))[0] == ["b"]
    with pytest.raises(NotATable, match="no sheet 'Third'; it has Sheet, Second"):
        read(content, "x.xlsx", dialect=Dialect(sheet="Third"))


def test_rows_before_the_header_are_skipped() -> None:
    content = workbook(["note"], ["a", "b"], [1, 2])

    assert read(content, "x.xlsx", dialect=Dialect(headers=2))[0] == ["a", "b"]
    assert read(content, "x.xlsx", dialect=Dialect(skip_rows=1))[0] == ["a", "b"]
    named = Dialect(skip_rows=2, headers=("x", "y"))
    assert read(content, "x.xlsx", dialect=named) == (["x", "y"], [(1, 2)])


def test_a_header_alone_is_an_empty_table() -> None:
    assert read(workbook(["a", "b"]), "x.xlsx") == (["a", "b"], [])


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (workbook(), BadHeader, "The sheet is empty"),
        (workbook(["a", "a"]), BadHeader, "both called 'a'"),
        (workbook(["a", None, "c"]), BadHeader, "Column 2 has no name"),
        (workbook(["a"], [1], [1, 2]), BadRow, "Row 3 has cells beyond the 1 columns"),
        (workbook(["a"], [1])[:-200], NotATable, "damaged or cut off"),
        (b"a,b\n1,2\n", NotATable, "is no xlsx file"),
    ],
)
def test_a_bad_workbook_is_refused(
    content: bytes, error: type[TableError], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(content, "x.xlsx")


def patched(content: bytes, part: str, text: bytes) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, text if name == part else old.read(name))
    return out.getvalue()


def test_a_zip_bomb_in_a_workbook_is_not_opened() -> None:
    bomb = patched(workbook(["a"]), "xl/worksheets/sheet1.xml", b" " * (100 << 20))

    with pytest.raises(TooLarge, match="only a zip bomb"):
        read(bomb, "x.xlsx")


def test_too_much_shared_text_is_refused() -> None:
    content = workbook(["a"], ["some text"])

    with pytest.raises(TooLarge, match="too much text"):
        read(content, "x.xlsx", limits=Limits(workbook_text_bytes=10))


def test_a_row_number_beyond_the_format_does_not_make_endless_rows() -> None:
    xml = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        b'<row r="999999999"><c r="A999999999"><v>1</v></c></row>'
        b"</sheetData></worksheet>"
    )
    content = patched(workbook(["a"]), "xl/worksheets/sheet1.xml", xml)

    with pytest.raises(TooLarge, match="more than 1,048,576 rows"):
        read(content, "x.xlsx")


def test_entities_are_not_expanded() -> None:
    xml = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
    content = patched(workbook(["a"]), "xl/worksheets/sheet1.xml", xml)

    with pytest.raises(TableError):
        read(content, "x.xlsx")


def test_a_workbook_is_known_by_its_bytes_not_its_name() -> None:
    assert read(workbook(["a"], [1]), "data.csv") == (["a"], [(1,)])
