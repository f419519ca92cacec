"""CSV cells come out as the very text they are."""

import io
from typing import BinaryIO, cast

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.tables import open_table
from tests.exports.tables.reading import Pipe, read, schema_of, written

VIX = b"""DATE,OPEN,HIGH,LOW,CLOSE
1990-01-02,17.240000,17.240000,17.240000,17.240000
1990-01-03,18.190000,18.190000,18.190000,18.190000
"""
GDP = (
    b"Country Name,Country Code,Year,Value\r\n"
    b'"Bahamas, The",BHS,2000,8076470000\r\n'
    b"C\xc3\xb4te d'Ivoire,CIV,2000,16582653021.1379"
)


def test_every_column_is_text() -> None:
    assert set(schema_of(VIX, "vix.csv").values()) == {pl.String()}


@pytest.mark.parametrize(
    "cell", ["007", "1.10", "12345678901234567890", "", " x ", "NA", "null", "é😀"]
)
def test_a_cell_keeps_every_character(cell: str) -> None:
    assert read(f"a,b\n{cell},1\n".encode()) == (["a", "b"], [(cell, "1")])


def test_quoted_cells_may_hold_delimiters_quotes_and_line_ends() -> None:
    content = b'a,b\n"x,y","say ""hi""\nand go"\n'

    assert read(content)[1] == [("x,y", 'say "hi"\nand go')]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_any_line_end_is_understood(end: bytes) -> None:
    assert read(b"a,b" + end + b"1,2" + end + b"3,4")[1] == [("1", "2"), ("3", "4")]


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert read(b"\xef\xbb\xbfa,b\n1,2\n")[0] == ["a", "b"]


def test_blank_lines_are_no_rows() -> None:
    assert read(b"\n\na,b\n\n1,2\n\n")[1] == [("1", "2")]


def test_a_header_alone_is_an_empty_table() -> None:
    with open_table(io.BytesIO(b"a,b\n"), name="data.csv") as table:
        frames = list(table)

    assert [frame.columns for frame in frames] == [["a", "b"]]
    assert frames[0].height == 0


def test_real_files_come_back_byte_for_byte() -> None:
    for content in (VIX, GDP):
        with open_table(io.BytesIO(content), name="data.csv") as table:
            again = written("csv", *table)
        assert again == content.replace(b"\r\n", b"\n").rstrip() + b"\n"


def test_a_source_that_trickles_and_cannot_seek_is_read_as_well() -> None:
    source = cast("BinaryIO", Pipe(VIX))

    with open_table(source, name="vix.csv") as table:
        assert sum(frame.height for frame in table) == 2


def test_a_large_file_comes_in_several_frames() -> None:
    content = b"a,b\n" + b"some text,more text\n" * 500_000

    with open_table(io.BytesIO(content), name="data.csv") as table:
        heights = [frame.height for frame in table]

    assert len(heights) > 2
    assert sum(heights) == 500_000


def test_what_the_source_raises_passes_unchanged() -> None:
    class Stopped(Exception):
        pass

    class Cancelled(Pipe):
        def read(self, size: int = -1, /) -> bytes:
            part = super().read(size)
            if not part:
                raise Stopped
            return part

    endless = cast("BinaryIO", Cancelled(VIX * 50_000, step=1 << 20))

    with open_table(endless, name="vix.csv") as table, pytest.raises(Stopped):
        list(table)


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_survives_reading_and_writing(cell: str) -> None:
    content = written("csv", pl.DataFrame({"a": [cell], "b": ["x"]}))

    assert read(content)[1] == [(cell, "x")]
