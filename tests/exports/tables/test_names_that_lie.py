"""A file that is not what its name says is read for what it is, or refused."""

import polars as pl
import pytest

from exports.tables.errors import NotATable, UnknownFormat
from exports.tables.formats import find_format
from tests.exports.tables.reading import read, written

HTML = b"\n<!DOCTYPE html><html><body>404 Not Found</body></html>"


@pytest.mark.parametrize("name", ["x.csv", "x.json", "x.ndjson", "x.xlsx", "x"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (HTML, "an HTML or XML page"),
        (b'<?xml version="1.0"?><a/>', "an HTML or XML page"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "an image"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        (b"PAR1....", "a Parquet file"),
        (b"x.csv" + b"\0" * 252 + b"ustar\0", "a tar archive"),
    ],
)
def test_what_is_no_table_is_named(name: str, content: bytes, kind: str) -> None:
    with pytest.raises(NotATable, match=kind):
        read(content, name)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.xlsx", b"a,b\n1,2\n", "is no xlsx file"),
        ("x.zip", b"a,b\n1,2\n", "is no zip file"),
        ("x.parquet", b"a,b\n1,2\n", "is no parquet file"),
        ("x.json", b"a,b\n1,2\n", "is no JSON"),
        ("x.ndjson", b"a,b\n1,2\n", "is no JSON"),
    ],
)
def test_text_under_another_name_is_refused(
    name: str, content: bytes, message: str
) -> None:
    with pytest.raises(NotATable, match=message):
        read(content, name)


@pytest.mark.parametrize("name", ["x.csv", "x.json", "x.ndjson", "x.tsv", "x"])
@pytest.mark.parametrize("content", [b'[{"a":1}]', b'{"a":1}\n{"a":1}\n'])
def test_json_is_seen_under_any_name(name: str, content: bytes) -> None:
    names, rows = read(content, name)

    assert names == ["a"]
    assert set(rows) == {(1,)}


def test_the_media_type_counts_where_the_name_says_nothing() -> None:
    assert read(b"a\tb\n", "export", media_type="text/tab-separated-values; x=1")[
        0
    ] == [
        "a",
        "b",
    ]
    with pytest.raises(NotATable, match="is no JSON"):
        read(b"a,b\n", "export.php", media_type="application/json")


def test_the_extension_counts_above_the_media_type() -> None:
    found = find_format("DATA.CSV", "application/json")

    assert found is not None
    assert found.name == "csv"


def test_a_format_without_a_writer_is_refused() -> None:
    with pytest.raises(UnknownFormat, match="Known are: csv, tsv, json, ndjson, xlsx"):
        written("exe", pl.DataFrame({"a": [1]}))


def test_a_zip_in_a_zip_is_refused() -> None:
    with pytest.raises(UnknownFormat, match="zip inside a zip"):
        written("zip", pl.DataFrame({"a": [1]}), inner="zip")
