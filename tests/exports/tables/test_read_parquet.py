"""Parquet is read in batches with its types; a damaged file is an error, no crash."""

import io
from datetime import date, datetime
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exports.tables import Limits, open_table
from exports.tables.errors import BadHeader, BadRow, NotATable, TableError, TooLarge
from tests.exports.tables.reading import Pipe, read, schema_of, written


def parquet(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


@pytest.mark.parametrize("name", ["x.parquet", "x.csv", "x"])
def test_it_is_known_by_its_first_bytes(name: str) -> None:
    content = parquet(pa.table({"a": [1, None], "b": ["x", "y"]}))

    assert read(content, name) == (["a", "b"], [(1, "x"), (None, "y")])


@pytest.mark.parametrize(
    ("array", "dtype", "value"),
    [
        (pa.array(["x"]).dictionary_encode(), pl.String(), "x"),
        (pa.array([12], pa.decimal256(60, 2)), pl.String(), "12.00"),
        (pa.array([12], pa.decimal128(10, 2)), pl.Decimal(10, 2), 12),
        (
            pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
            pl.List(pl.Struct({"key": pl.String, "value": pl.Int64})),
            [{"key": "k", "value": 1}],
        ),
        (pa.array([b"0123456789abcdef"], pa.uuid()), pl.Binary(), b"0123456789abcdef"),
        (pa.array(["{}"], pa.json_()), pl.String(), "{}"),
        (pa.array([0], pa.date64()), pl.Date(), date(1970, 1, 1)),
        (pa.array([{"a": 1}]), pl.Struct({"a": pl.Int64}), {"a": 1}),
        (
            pa.array([0], pa.timestamp("ns")),
            pl.Datetime("ns"),
            datetime.fromisoformat("1970-01-01"),
        ),
    ],
)
def test_every_type_comes_as_one_that_we_know(
    array: Any, dtype: pl.DataType, value: Any
) -> None:
    content = parquet(pa.table({"a": array}))

    assert schema_of(content, "x.parquet") == {"a": dtype}
    assert read(content, "x.parquet")[1] == [(value,)]


def test_rows_come_in_small_frames() -> None:
    content = parquet(pa.table({"a": range(50_000)}))

    with open_table(io.BytesIO(content), name="x.parquet") as table:
        heights = [frame.height for frame in table]

    assert heights == [20_000, 20_000, 10_000]


def test_a_stream_that_cannot_seek_is_read_too() -> None:
    source: Any = Pipe(parquet(pa.table({"a": [1]})))

    with open_table(source, name="x.parquet") as table:
        assert [frame.rows() for frame in table] == [[(1,)]]


def test_a_table_without_rows_has_its_types() -> None:
    content = parquet(pa.table({"a": pa.array([], pa.int8())}))

    assert schema_of(content, "x.parquet") == {"a": pl.Int8()}


def test_two_columns_of_one_name_are_refused() -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])

    with pytest.raises(BadHeader, match="both called 'a'"):
        read(parquet(twice), "x.parquet")


def test_text_that_is_not_utf_8_is_refused() -> None:
    content = parquet(
        pa.table({"a": ["pqrstu"]}), use_dictionary=False, compression="none"
    )

    with pytest.raises(NotATable, match="UTF8"):
        read(content.replace(b"pqrstu", b"p\xffrstu"), "x.parquet")


@pytest.mark.parametrize(
    "array",
    [
        pa.array([2**31 - 1], pa.date32()),
        pa.array([-719_163], pa.date32()),
        pa.array([2**62], pa.timestamp("us")),
        pa.array([-(2**62)], pa.timestamp("ms", tz="Europe/Rome")),
    ],
)
def test_a_date_that_no_calendar_has_is_refused(array: Any) -> None:
    with pytest.raises(BadRow, match="'a' has a date outside the years 1 to 9999"):
        read(parquet(pa.table({"a": array})), "x.parquet")


def test_a_file_that_unpacks_to_too_much_is_refused() -> None:
    zeros = pa.table({"a": pa.array([bytes(80 << 20)])})
    content = parquet(zeros, use_dictionary=False, compression="zstd")

    with pytest.raises(TooLarge, match="zip bomb"):
        read(content, "x.parquet")
    with pytest.raises(TooLarge, match="more than 1,000 bytes"):
        read(parquet(pa.table({"a": range(999)})), limits=Limits(decoded_bytes=1_000))


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1....PAR1", b"PAR1" * 9])
def test_what_only_begins_like_it_is_refused(content: bytes) -> None:
    with pytest.raises(NotATable, match="is a Parquet file that cannot be read"):
        read(content, "x.parquet")


def test_a_damaged_size_of_levels_does_not_end_the_process() -> None:
    """Arrow aborts over such a file once one looks at the sizes of its columns."""
    content = parquet(pa.table({"a": [1, None]}))
    optional, required = b"\x25\x02\x18\x01a", b"\x25\x00\x18\x01a"
    assert optional in content
    content = content.replace(optional, required)

    with pytest.raises(TableError, match="histogram"):
        read(content, "x.parquet")


def test_it_is_read_from_a_gzip_and_a_zip() -> None:
    frame = pl.DataFrame({"a": [1], "b": ["x"]})

    for inner in ("parquet", "xlsx"):
        content = written("zip", frame, inner=inner)
        assert read(content, "x.zip") == (["a", "b"], [(1, "x")])
