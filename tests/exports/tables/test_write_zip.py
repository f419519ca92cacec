"""A zip holds one deflated table that any tool can unpack."""

import io
import random
import threading
import zipfile
import zlib

import polars as pl
import pytest

from exports.tables import WriteOptions, open_writer
from exports.tables.errors import UnknownColumn
from tests.exports.tables.reading import read, write_half, written
from tests.support.started import started_since

FRAME = pl.DataFrame({"a": ["x", "y"], "b": [1, 2]})
MANY = pl.select(a=pl.int_range(100_000))


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_member_is_data_csv() -> None:
    assert unpacked(written("zip", FRAME)) == {"data.csv": b"a,b\nx,1\ny,2\n"}


@pytest.mark.parametrize("inner", ["csv", "tsv", "json", "ndjson"])
def test_any_format_goes_inside(inner: str) -> None:
    content = written("zip", FRAME, FRAME, inner=inner, member="rows")

    assert unpacked(content) == {f"rows.{inner}": written(inner, FRAME, FRAME)}


@pytest.mark.parametrize("inner", ["parquet", "xlsx"])
def test_a_format_that_is_packed_itself_is_stored_as_it_is(inner: str) -> None:
    content = written("zip", FRAME, FRAME, inner=inner)

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
    assert unpacked(content) == {f"data.{inner}": written(inner, FRAME, FRAME)}


def test_what_the_inner_format_remarks_is_told() -> None:
    options = WriteOptions(inner="xlsx")
    with open_writer("zip", io.BytesIO(), ["a"], options) as writer:
        writer.write(pl.DataFrame({"a": ["x", "y" * 40_000]}))

    assert writer.remarked == 1
    assert [(one.row, one.column) for one in writer.remarks] == [(2, "a")]


def test_options_reach_the_inner_format() -> None:
    frame = pl.DataFrame({"a": ["=x"]})

    assert unpacked(written("zip", frame, neutralise_formulas=True)) == {
        "data.csv": b"a\n'=x\n"
    }


def test_equal_rows_give_equal_bytes() -> None:
    assert written("zip", FRAME) == written("zip", FRAME)


def test_frames_cut_otherwise_give_the_same_bytes() -> None:
    frame = pl.select(a=pl.int_range(100_000), b=pl.int_range(100_000) * 7919 % 100_003)

    content = written("zip", *frame.iter_slices(9_973))

    assert content == written("zip", frame)
    assert unpacked(content) == {"data.csv": written("csv", frame)}


def test_a_table_without_rows_can_be_packed() -> None:
    assert unpacked(written("zip", FRAME.clear())) == {"data.csv": b"a,b\n"}


def test_the_size_is_near_that_of_zlib() -> None:
    draw = random.Random(1)
    rows = [
        f"{draw.choice(['Rome', 'Lima', 'Oslo'])} {draw.random():.3f}"
        for _ in range(50_000)
    ]
    frame = pl.DataFrame({"a": rows})

    packed = written("zip", frame)

    assert len(packed) < 1.2 * len(zlib.compress(written("csv", frame), 6))
    assert read(packed, "x.zip")[1] == frame.rows()


def test_an_error_leaves_no_archive_behind() -> None:
    out = io.BytesIO()

    with pytest.raises(UnknownColumn):
        write_half("zip", out)

    assert not zipfile.is_zipfile(out)


def test_the_threads_end_with_the_file() -> None:
    earlier = threading.enumerate()
    with open_writer("zip", io.BytesIO(), ["a"]) as writer:
        writer.write(MANY)
        assert started_since(earlier)

    assert not started_since(earlier)


def test_the_threads_end_with_an_error_too() -> None:
    earlier = threading.enumerate()
    writer = open_writer("zip", io.BytesIO(), ["a"])
    writer.write(MANY)
    assert started_since(earlier)

    writer.abandon()

    assert not started_since(earlier)
