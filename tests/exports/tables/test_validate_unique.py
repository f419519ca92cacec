"""Repeated values and keys are found, in memory or past it."""

import polars as pl
import pytest

from exports.tables import Checker, repeats


def unique(type_: str = "string") -> dict[str, object]:
    return {"fields": [{"name": "a", "type": type_, "constraints": {"unique": True}}]}


def places(checker: Checker) -> list[tuple[int, str]]:
    return [(error["row"], error["message"]) for error in checker.report()["errors"]]


def test_a_repeated_value_names_the_row_it_repeats() -> None:
    checker = Checker(unique())
    checker.check(pl.DataFrame({"a": ["x", "y", "x"]}))
    checker.check(pl.DataFrame({"a": ["z", "y", "x"]}))

    assert places(checker) == [
        (4, "Row 4 repeats the a of row 2."),
        (6, "Row 6 repeats the a of row 3."),
        (7, "Row 7 repeats the a of row 2."),
    ]


def test_values_are_compared_not_their_text() -> None:
    checker = Checker(unique("integer"))
    checker.check(pl.DataFrame({"a": ["1", "01", "2"]}))

    assert places(checker) == [(3, "Row 3 repeats the a of row 2.")]


def test_empty_cells_repeat_nothing() -> None:
    checker = Checker(unique())
    checker.check(pl.DataFrame({"a": ["", "", "x"]}))

    assert places(checker) == []


def test_a_primary_key_may_span_columns_and_must_be_filled() -> None:
    schema = {"fields": [{"name": "a"}, {"name": "b"}], "primaryKey": ["a", "b"]}
    checker = Checker(schema)
    checker.check(pl.DataFrame({"a": ["1", "1", "1", "1"], "b": ["x", "y", "x", ""]}))

    assert places(checker) == [
        (4, "Row 4 repeats the a, b of row 2."),
        (5, "Row 5, column 'b' is part of the primary key and must not be empty."),
    ]


def test_repeats_are_found_past_the_memory_set_aside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repeats, "BUFFER_ROWS", 100)
    checker = Checker(unique("integer"))
    for start in range(0, 1000, 50):
        numbers = [str(number % 970) for number in range(start, start + 50)]
        checker.check(pl.DataFrame({"a": numbers}))

    report = checker.report()

    assert report["error_count"] == 30
    assert [e["row"] for e in report["errors"]] == list(range(972, 1002))
    assert report["errors"][0]["message"] == "Row 972 repeats the a of row 2."


def test_repeats_are_counted_beyond_the_cap() -> None:
    checker = Checker(unique(), cap=2)
    checker.check(pl.DataFrame({"a": ["x"] * 10}))

    report = checker.report()

    assert (report["error_count"], len(report["errors"])) == (9, 2)


def test_an_abandoned_checker_can_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "BUFFER_ROWS", 2)
    checker = Checker(unique())
    checker.check(pl.DataFrame({"a": ["x", "y", "z"]}))

    checker.close()
