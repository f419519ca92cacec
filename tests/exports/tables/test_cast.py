"""Cells become values of their field's type, or are reported."""

from datetime import UTC, date, datetime, time
from typing import Any

import polars as pl
import pytest

from exports.tables import Caster
from exports.tables.cast import Misfit


def cast(cell: str, **field: Any) -> Any:
    """Cast one cell; a cell that does not fit is the word misfit."""
    frame = pl.DataFrame({"a": [cell]})
    caster = Caster({"fields": [{"name": "a", **field}]}, frame.schema)
    done = caster.cast(frame)
    assert dict(done.schema) == caster.schema
    return "misfit" if caster.failed else done.item()


AT = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "field", "value"),
    [
        ("007", {"type": "string"}, "007"),
        ("007", {}, "007"),
        ("", {"type": "string"}, None),
        ("007", {"type": "integer"}, 7),
        ("-5", {"type": "integer"}, -5),
        ("123456789012345678901", {"type": "integer"}, 123456789012345678901),
        ("1,234", {"type": "integer", "groupChar": ","}, 1234),
        ("EUR 12", {"type": "integer", "bareNumber": False}, 12),
        ("1.0", {"type": "integer"}, "misfit"),
        (" 1", {"type": "integer"}, "misfit"),
        ("1.10", {"type": "number"}, 1.1),
        ("1e3", {"type": "number"}, 1000.0),
        ("INF", {"type": "number"}, float("inf")),
        ("1.234,5", {"type": "number", "decimalChar": ",", "groupChar": "."}, 1234.5),
        ("1.5", {"type": "number", "decimalChar": ","}, "misfit"),
        ("12.5%", {"type": "number", "bareNumber": False}, 12.5),
        ("1,5", {"type": "number"}, "misfit"),
        ("true", {"type": "boolean"}, True),
        ("0", {"type": "boolean"}, False),
        ("ja", {"type": "boolean", "trueValues": ["ja"]}, True),
        ("yes", {"type": "boolean"}, "misfit"),
        ("2020-01-02", {"type": "date"}, date(2020, 1, 2)),
        ("2020-1-2", {"type": "date"}, "misfit"),
        ("2020-02-30", {"type": "date"}, "misfit"),
        ("02/01/2020", {"type": "date", "format": "%d/%m/%Y"}, date(2020, 1, 2)),
        ("02.01.20", {"type": "date", "format": "fmt:%d.%m.%y"}, date(2020, 1, 2)),
        ("2 January 2020", {"type": "date", "format": "any"}, date(2020, 1, 2)),
        ("03:04:05", {"type": "time"}, time(3, 4, 5)),
        ("3:04 PM", {"type": "time", "format": "%I:%M %p"}, time(15, 4)),
        ("2020-01-02T03:04:05Z", {"type": "datetime"}, AT),
        ("2020-01-02T04:04:05+01:00", {"type": "datetime"}, AT),
        ("2020-01-02T03:04:05", {"type": "datetime"}, AT),
        ("2020-01-02 03:04:05", {"type": "datetime"}, "misfit"),
        ("2020-01-02 03:04:05", {"type": "datetime", "format": "any"}, AT),
        (
            "2.1.2020 3:04:05.5",
            {"type": "datetime", "format": "%d.%m.%Y %H:%M:%S.%f"},
            datetime.fromisoformat("2020-01-02T03:04:05.5"),
        ),
        ("2020", {"type": "year"}, 2020),
        ("20", {"type": "year"}, "misfit"),
        ("2020-07", {"type": "yearmonth"}, "2020-07"),
        ("2020-13", {"type": "yearmonth"}, "misfit"),
        ('{"a": 1}', {"type": "object"}, '{"a": 1}'),
        ("[1]", {"type": "object"}, "misfit"),
        ("[1]", {"type": "array"}, "[1]"),
        ("P1Y2DT3H", {"type": "duration"}, "P1Y2DT3H"),
        ("1.5, -2", {"type": "geopoint"}, "1.5, -2"),
        ("anything", {"type": "any"}, "anything"),
        ("anything", {"type": "no such type"}, "anything"),
        ("anything", {"type": "date", "format": "%Q"}, "anything"),
        ("n/a", {"type": "number", "missingValues": ["n/a"]}, None),
    ],
)
def test_a_cell_is_read_by_its_field(
    cell: str, field: dict[str, Any], value: object
) -> None:
    assert cast(cell, **field) == value


def test_missing_values_of_the_schema_become_null() -> None:
    frame = pl.DataFrame({"a": ["-", "", "1"]})
    schema = {"fields": [{"name": "a", "type": "integer"}], "missingValues": ["-", ""]}

    assert Caster(schema, frame.schema).cast(frame)["a"].to_list() == [None, None, 1]


def test_misfits_are_named_and_counted_over_all_frames() -> None:
    frame = pl.DataFrame({"a": ["1", "x" * 500], "b": ["p", "q"]})
    schema = {"fields": [{"name": "a", "type": "integer"}, {"name": "gone"}]}
    caster = Caster(schema, frame.schema, cap=2)

    for _ in range(3):
        assert caster.cast(frame).rows() == [(1, "p"), (None, "q")]

    assert caster.failed == 3
    assert caster.misfits == [Misfit(3, "a", "x" * 100), Misfit(5, "a", "x" * 100)]


def test_columns_that_have_their_type_already_stay() -> None:
    frame = pl.DataFrame({"n": [1.5], "i": [7], "d": [date(2020, 1, 2)], "s": [3]})
    types = {"n": "number", "i": "integer", "d": "date", "s": "string"}
    schema = {
        "fields": [{"name": name, "type": type_} for name, type_ in types.items()]
    }

    assert Caster(schema, frame.schema).cast(frame).rows() == [
        (1.5, 7, date(2020, 1, 2), "3")
    ]


@pytest.mark.parametrize("schema", [None, [], "x", {}, {"fields": 5}, {"fields": [1]}])
def test_a_schema_without_sense_changes_nothing(schema: object) -> None:
    frame = pl.DataFrame({"a": ["1"]})

    assert Caster(schema, frame.schema).cast(frame).equals(frame)
