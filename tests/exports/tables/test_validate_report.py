"""The report names the place of each error, and ends."""

import json

import polars as pl

from exports.tables import Checker

SCHEMA = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "string", "constraints": {"maxLength": 3}},
    ]
}


def test_a_good_table_is_valid() -> None:
    checker = Checker(SCHEMA)
    checker.check(pl.DataFrame({"id": ["1", "2"], "name": ["a", ""]}))

    assert checker.report() == {
        "valid": True,
        "rows": 2,
        "error_count": 0,
        "capped": False,
        "errors": [],
        "warnings": [],
    }


def test_errors_carry_row_column_code_message_and_value() -> None:
    checker = Checker(SCHEMA)
    checker.check(pl.DataFrame({"id": ["1", "x"], "name": ["a", "b"]}))
    checker.check(pl.DataFrame({"id": ["y"], "name": ["long " * 50]}))

    report = checker.report()

    assert report["errors"] == [
        {
            "row": 3,
            "column": "id",
            "code": "type",
            "message": "Row 3, column 'id' is no integer.",
            "value": "x",
        },
        {
            "row": 4,
            "column": "id",
            "code": "type",
            "message": "Row 4, column 'id' is no integer.",
            "value": "y",
        },
        {
            "row": 4,
            "column": "name",
            "code": "maxLength",
            "message": "Row 4, column 'name' is longer than 3.",
            "value": ("long " * 50)[:100],
        },
    ]
    json.dumps(report)


def test_rows_can_be_counted_from_elsewhere() -> None:
    checker = Checker(SCHEMA, first_row=5)
    checker.check(pl.DataFrame({"id": ["x"], "name": ["a"]}))

    assert checker.report()["errors"][0]["row"] == 5


def test_missing_and_extra_columns_are_told_once() -> None:
    checker = Checker(SCHEMA)
    for _ in range(2):
        checker.check(pl.DataFrame({"id": ["1"], "more": ["x"]}))

    errors = checker.report()["errors"]

    assert [(e["row"], e["column"], e["code"]) for e in errors] == [
        (1, "more", "extra-column"),
        (1, "name", "missing-column"),
    ]


def test_beyond_the_cap_errors_are_only_counted() -> None:
    checker = Checker(SCHEMA, cap=3)
    for _ in range(3):
        checker.check(pl.DataFrame({"id": ["x", "y"], "name": ["long", "a"]}))

    report = checker.report()

    assert report["error_count"] == 9
    assert len(report["errors"]) == 3
    assert report["capped"] is True


def test_an_empty_table_still_has_its_header_checked() -> None:
    checker = Checker(SCHEMA)
    checker.check(pl.DataFrame({"id": []}, schema={"id": pl.String()}))

    assert checker.report()["errors"][0]["code"] == "missing-column"


def test_asking_twice_gives_the_same_report() -> None:
    checker = Checker(SCHEMA | {"primaryKey": ["id"]})
    checker.check(pl.DataFrame({"id": ["1", "1"], "name": ["a", "b"]}))

    assert checker.report() == checker.report()
