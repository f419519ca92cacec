"""A zip holds one deflated table that any tool can unpack."""

import io
import random
import zipfile
import zlib

import polars as pl
import pytest

from exports.tables.errors import UnknownColumn
from tests.exports.tables.reading import read, write_half, written

FRAME = pl.DataFrame({"a": ["x", "y"], "b": [1, 2]})


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


def test_options_reach_the_inner_format() -> None:
    frame = pl.DataFrame({"a": ["=x"]})

    assert unpacked(written("zip", frame, neutralise_formulas=True)) == {
        "data.csv": b"a\n'=x\n"
    }


def test_equal_rows_give_equal_bytes() -> None:
    assert written("zip", FRAME) == written("zip", FRAME)


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
