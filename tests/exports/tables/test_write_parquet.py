"""Parquet keeps the types of the table, and refuses what they cannot hold."""

import io
from datetime import UTC, datetime, time
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exports.tables import open_writer, write_parquet
from exports.tables.errors import UnknownColumn, WrongType
from tests.exports.tables.reading import write_half, written

AT = datetime.fromisoformat("2020-01-02T03:04:05")
TYPES: dict[str, pl.DataType] = {
    "i": pl.Int32(),
    "t": pl.Time(),
    "z": pl.Datetime("us", "UTC"),
    "l": pl.List(pl.Float64()),
}
ARROW_TYPES = [
    pa.int32(),
    pa.time64("ns"),
    pa.timestamp("us", tz="UTC"),
    pa.large_list(pa.field("element", pa.float64())),
]


def file_of(content: bytes) -> pq.ParquetFile:
    return pq.ParquetFile(io.BytesIO(content))


def empty(columns: Any) -> pa.Schema:
    out = io.BytesIO()
    with open_writer("parquet", out, columns):
        pass
    return file_of(out.getvalue()).schema_arrow


def test_a_table_without_frames_has_the_types_of_its_schema() -> None:
    assert empty(TYPES).types == ARROW_TYPES
    assert empty(["a", "b"]).types == [pa.large_string()] * 2


def test_a_table_without_rows_has_the_types_of_its_frame() -> None:
    content = written("parquet", pl.DataFrame(schema=TYPES))

    assert file_of(content).schema_arrow.types == ARROW_TYPES
    assert file_of(content).metadata.num_rows == 0


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (pl.Series("a", [2**100, None], dtype=pl.Int128), [2**100, None]),
        (pl.Series("a", [[2**70]], dtype=pl.List(pl.Int128)), [[2**70]]),
        (pl.Series("a", ["x", None], dtype=pl.Categorical), ["x", None]),
        (pl.Series("a", ["x"], dtype=pl.Enum(["x", "y"])), ["x"]),
        (pl.Series("a", [None]), [None]),
        (pl.Series("a", [{}], dtype=pl.Struct([])), ["{}"]),
        (pl.Series("a", [[1, 2]], dtype=pl.Array(pl.Int8, 2)), [[1, 2]]),
        (pl.Series("a", [b"\xff\0"]), [b"\xff\0"]),
        (pl.Series("a", [float("inf"), -0.0]), [float("inf"), -0.0]),
        (pl.Series("a", [AT.replace(tzinfo=UTC)]), [AT.replace(tzinfo=UTC)]),
        (pl.Series("a", [time(23, 59, 59, 999999)]), [time(23, 59, 59, 999999)]),
    ],
)
def test_every_type_can_be_written(column: pl.Series, values: list[Any]) -> None:
    table = file_of(written("parquet", column.to_frame())).read()

    assert table.column("a").to_pylist() == values


def test_small_frames_are_collected_to_groups() -> None:
    frames = [pl.DataFrame({"a": range(30_000)})] * 10

    found = file_of(written("parquet", *frames)).metadata

    groups = [found.row_group(n).num_rows for n in range(found.num_row_groups)]
    assert sum(groups) == 300_000
    assert max(groups) <= 100_000
    assert len(groups) <= 6


def test_groups_of_wide_rows_are_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_parquet, "GROUP_BYTES", 1_000)
    frames = [pl.DataFrame({"a": ["x" * 2_000]})] * 3

    assert file_of(written("parquet", *frames)).metadata.num_row_groups == 3


def test_later_frames_take_the_types_of_the_first() -> None:
    frames = [pl.DataFrame({"a": [1.5]}), pl.DataFrame({"a": [2]})]
    table = file_of(written("parquet", *frames)).read()

    assert table.column("a").to_pylist() == [1.5, 2.0]


@pytest.mark.parametrize("later", [[1.5], ["x"], [2**53 + 0.0, 0.1]])
def test_a_value_that_would_change_in_its_type_is_refused(later: list[Any]) -> None:
    frames = [pl.DataFrame({"a": [1]}), pl.DataFrame({"a": later})]

    with pytest.raises(WrongType, match="Column 'a' has values of type") as refused:
        written("parquet", *frames)
    assert refused.value.column == "a"


def test_an_integer_of_more_than_38_digits_is_refused() -> None:
    frame = pl.DataFrame({"a": pl.Series([2**127 - 1], dtype=pl.Int128)})

    with pytest.raises(WrongType, match=r"do not all fit .* Decimal"):
        written("parquet", frame)


def test_an_error_leaves_no_file_that_looks_whole() -> None:
    out = io.BytesIO()

    with pytest.raises(UnknownColumn):
        write_half("parquet", out)

    with pytest.raises(pa.ArrowInvalid):
        file_of(out.getvalue())
