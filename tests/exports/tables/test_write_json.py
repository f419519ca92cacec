"""JSON and JSON lines are valid whatever the values are."""

import io
import json
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.tables.errors import UnknownColumn
from tests.exports.tables.reading import read, write_half, written

COLUMNS = st.fixed_dictionaries(
    {
        "text": st.none() | st.text(st.characters(exclude_categories=["Cs"])),
        "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
        "real": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "truth": st.none() | st.booleans(),
        "list": st.none() | st.lists(st.integers(0, 9), max_size=3),
    }
)
SCHEMA = {
    "text": pl.String(),
    "whole": pl.Int64(),
    "real": pl.Float64(),
    "truth": pl.Boolean(),
    "list": pl.List(pl.Int64()),
}


@settings(deadline=None)
@given(st.lists(COLUMNS, max_size=5))
def test_the_json_module_reads_back_equal_values(rows: list[dict[str, Any]]) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA)
    frames = [frame.slice(at, 2) for at in range(0, max(frame.height, 1), 2)]

    assert json.loads(written("json", *frames)) == rows
    lines = written("ndjson", *frames).decode().split("\n")
    assert [json.loads(line) for line in lines if line] == rows


@settings(deadline=None)
@given(st.lists(COLUMNS, min_size=1, max_size=5))
def test_our_own_reader_reads_back_equal_rows(rows: list[dict[str, Any]]) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA).drop("list")

    for name in ("json", "ndjson"):
        again = read(written(name, frame), f"x.{name}")
        assert again == (frame.columns, frame.rows())


def test_it_is_one_compact_array() -> None:
    first = pl.DataFrame({"a": ["x"], "b": [3.0]})

    assert written("json", first, first) == b'[{"a":"x","b":3.0},{"a":"x","b":3.0}]'


def test_a_table_without_rows_is_an_empty_array() -> None:
    assert written("json", pl.DataFrame({"a": []})) == b"[]"
    assert written("ndjson", pl.DataFrame({"a": []})) == b""


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_is_null(value: float) -> None:
    frame = pl.DataFrame({"a": [value], "l": [[value]]})

    assert orjson.loads(written("json", frame)) == [{"a": None, "l": [None]}]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (pl.Series("a", [2**100], dtype=pl.Int128), 2**100),
        (pl.Series("a", ["1.10"]).cast(pl.Decimal(10, 2)), 1.1),
        (pl.Series("a", [b"\xff\x00"]), "/wA="),
        (pl.Series("a", [time(1, 2, 3)]), "01:02:03"),
        (
            pl.Series("a", [datetime.fromisoformat("2020-01-02T03:04:05")]),
            "2020-01-02T03:04:05",
        ),
        (
            pl.Series("a", [datetime.fromisoformat("2020-01-02T03:04:05Z")]),
            "2020-01-02T03:04:05Z",
        ),
        (pl.Series("a", [None]), None),
        (pl.Series("a", [{"k": [1, None]}]), {"k": [1, None]}),
    ],
)
def test_every_type_has_its_json(column: pl.Series, value: object) -> None:
    assert json.loads(written("json", column.to_frame())) == [{"a": value}]


@pytest.mark.parametrize(
    ("column", "digits"),
    [
        (pl.Series("a", ["1.10"]).cast(pl.Decimal(10, 2)), "1.10"),
        (
            pl.Series("a", ["-12345678901234567890.123"]).cast(pl.Decimal(38, 3)),
            "-12345678901234567890.123",
        ),
        (pl.Series("a", [-(2**127)], dtype=pl.Int128), str(-(2**127))),
        (pl.Series("a", [2**64 - 1], dtype=pl.UInt64), str(2**64 - 1)),
        (pl.Series("a", [-0.0]), "-0.0"),
        (pl.Series("a", [5e-324]), "5e-324"),
    ],
)
def test_every_digit_of_a_number_is_there(column: pl.Series, digits: str) -> None:
    frame = column.to_frame()

    assert written("json", frame) == f'[{{"a":{digits}}}]'.encode()
    assert written("ndjson", frame) == f'{{"a":{digits}}}\n'.encode()


def test_values_inside_others_are_written_as_they_are_outside() -> None:
    at = datetime.fromisoformat("2020-01-02T03:04:05.5")
    inside = {"at": at, "d": Decimal("1.10"), "t": time(1), "b": b"\xff", "*": 1}
    frame = pl.DataFrame({"a": [[inside, None], None], "^a$": [inside, None]})

    text = '{"at":"2020-01-02T03:04:05.500","d":1.10,"t":"01:00:00","b":"/w==","*":1}'
    assert written("ndjson", frame).decode().splitlines() == [
        f'{{"a":[{text},null],"^a$":{text}}}',
        '{"a":null,"^a$":null}',
    ]


def test_an_error_leaves_the_array_open_so_that_it_does_not_look_whole() -> None:
    out = io.BytesIO()

    with pytest.raises(UnknownColumn):
        write_half("json", out)

    assert out.getvalue() == b'[{"a":1}'
