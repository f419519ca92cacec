"""Each rule of a Table Schema finds the cells that break it."""

from typing import Any

import polars as pl
import pytest

from exports.tables import Checker


def codes(cell: str | None, **field: Any) -> list[str]:
    checker = Checker({"fields": [{"name": "a", **field}]})
    checker.check(pl.DataFrame({"a": [cell]}, schema={"a": pl.String()}))
    return [error["code"] for error in checker.report()["errors"]]


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("integer", "123456789012345678901", "1.5"),
        ("number", "-1.5e3", "1,5"),
        ("boolean", "true", "maybe"),
        ("date", "2020-02-29", "2021-02-29"),
        ("time", "23:59:59", "24:00:00"),
        ("datetime", "2020-01-02T03:04:05Z", "yesterday"),
        ("year", "1999", "99"),
        ("yearmonth", "1999-12", "1999"),
        ("object", "{}", "{"),
        ("array", "[]", "{}"),
        ("geojson", '{"type": "Point"}', "point"),
        ("geopoint", "1,2", "here"),
        ("duration", "PT5M", "5 minutes"),
    ],
)
def test_a_cell_must_be_of_its_type(type_: str, good: str, bad: str) -> None:
    assert codes(good, type=type_) == []
    assert codes("", type=type_) == []
    assert codes(bad, type=type_) == ["type"]


@pytest.mark.parametrize(
    ("format_", "good", "bad"),
    [
        ("email", "a@b.org", "a at b"),
        ("uri", "https://b.org/x", "b.org"),
        ("uuid", "01234567-89ab-cdef-0123-456789abcdef", "0123"),
        ("binary", "AAAA", "?"),
    ],
)
def test_a_string_must_keep_to_its_format(format_: str, good: str, bad: str) -> None:
    assert codes(good, format=format_) == []
    assert codes(bad, format=format_) == ["format"]


@pytest.mark.parametrize(
    ("type_", "constraints", "good", "bad"),
    [
        ("string", {"required": True}, "x", ""),
        ("string", {"enum": ["x", "y"]}, "x", "z"),
        ("integer", {"enum": [1, "2", 3.0]}, "003", "4"),
        ("boolean", {"enum": [True]}, "1", "0"),
        ("date", {"enum": ["2020-01-02"]}, "2020-01-02", "2020-01-03"),
        ("string", {"pattern": "[a-z]+"}, "abc", "abc1"),
        ("string", {"pattern": "a|bc"}, "bc", "ac"),
        ("integer", {"pattern": r"\d{3}"}, "007", "7"),
        ("integer", {"minimum": 5}, "5", "4"),
        ("number", {"maximum": "1.5"}, "1.5", "1.51"),
        ("date", {"minimum": "2020-01-02"}, "2020-01-02", "2020-01-01"),
        (
            "datetime",
            {"maximum": "2020-01-02T00:00:00Z"},
            "2020-01-01T23:59:59Z",
            "2020-01-03T00:00:00Z",
        ),
        ("yearmonth", {"maximum": "2020-06"}, "2020-06", "2020-07"),
        ("year", {"minimum": 2000}, "2000", "1999"),
        ("string", {"minLength": 2}, "éé", "é"),
        ("string", {"maxLength": 2}, "😀😀", "abc"),
    ],
)
def test_a_cell_must_keep_to_its_constraints(
    type_: str, constraints: dict[str, Any], good: str, bad: str
) -> None:
    assert codes(good, type=type_, constraints=constraints) == []
    assert codes(bad, type=type_, constraints=constraints) == [*constraints]


def test_an_empty_cell_breaks_no_rule_but_required() -> None:
    rules = {"enum": ["x"], "pattern": "x", "minLength": 1, "unique": True}

    assert codes("", constraints=rules) == []
    assert codes(None, constraints=rules) == []
    assert codes(None, constraints=rules | {"required": True}) == ["required"]


def test_a_cell_of_the_wrong_type_is_told_once() -> None:
    rules = {"minimum": 5, "enum": [7]}

    assert codes("x", type="integer", constraints=rules) == ["type"]


def test_typed_columns_are_checked_as_well() -> None:
    frame = pl.DataFrame({"n": [1.5, 9.0], "s": [{"k": 1}, None], "b": [True, None]})
    fields: list[dict[str, Any]] = [
        {"name": "n", "type": "number", "constraints": {"maximum": 5}},
        {"name": "s", "type": "object"},
        {"name": "b", "type": "boolean"},
    ]
    checker = Checker({"fields": fields})

    checker.check(frame)

    assert [error["row"] for error in checker.report()["errors"]] == [3]
