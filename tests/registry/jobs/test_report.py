"""The validation report: each error of each table, with its row and column."""

import json
from typing import Any

import pytest
from django.test import Client

from tests.support.sources import Sources, csv_of
from tests.support.specstore import file_of, run_to_end, spec_of, table

pytestmark = pytest.mark.django_db(transaction=True)


def report_of(
    client: Client, sources: Sources, content: bytes, schema: dict[str, Any]
) -> dict[str, Any]:
    """Publish one table and return its part of the report."""
    url = sources.put("/t.csv", content)
    resource = {"name": "t", "path": url, "schema": schema}
    revision = run_to_end(client, spec_of(resource))
    assert revision["pipelines"]["me/id/1/validation_report"]["status"] == "SUCCEEDED"
    report = json.loads(file_of(client, "me/id/1", "data/validation_report.json"))
    [part] = report["tables"]
    assert report["valid"] is part["valid"]
    assert report["error_count"] == part["error_count"]
    assert part["resource"] == "t"
    found: dict[str, Any] = part
    return found


def field(name: str, type_: str = "string", **constraints: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, "constraints": constraints}


def places(report: dict[str, Any]) -> list[tuple[int | None, str | None, str]]:
    return [(one["row"], one["column"], one["code"]) for one in report["errors"]]


def test_a_good_table_has_no_errors(client: Client, sources: Sources) -> None:
    schema = {"fields": [field("n", "integer", required=True, unique=True), field("m")]}

    report = report_of(client, sources, b"n,m\n1,x\n2,\n", schema)

    assert report["valid"] is True
    assert report["rows"] == 2
    assert report["errors"] == []


@pytest.mark.parametrize(
    ("checked", "cells", "wrong"),
    [
        (field("a", "integer"), ["1", "x", "3"], [(3, "a", "type")]),
        (field("a", "number"), ["1.5", "1,5", ""], [(3, "a", "type")]),
        (field("a", "date"), ["2026-02-30", "2026-02-28"], [(2, "a", "type")]),
        (field("a", "boolean"), ["true", "maybe"], [(3, "a", "type")]),
        (field("a", required=True), ["x", "", "y"], [(3, "a", "required")]),
        (field("a", unique=True), ["x", "y", "x", "x"], [(4, "a", "unique"),
                                                          (5, "a", "unique")]),
        (field("a", enum=["x", "y"]), ["x", "z"], [(3, "a", "enum")]),
        (field("a", pattern="[A-Z]{3}"), ["AUT", "aut"], [(3, "a", "pattern")]),
        (field("a", "integer", minimum=2), ["1", "2"], [(2, "a", "minimum")]),
        (field("a", "integer", maximum=2), ["2", "3"], [(3, "a", "maximum")]),
        (field("a", minLength=2), ["x", "xx"], [(2, "a", "minLength")]),
        (field("a", maxLength=2), ["xx", "xxx"], [(3, "a", "maxLength")]),
    ],
)  # fmt: skip
def test_an_error_has_its_row_and_column(
    client: Client,
    sources: Sources,
    checked: dict[str, Any],
    cells: list[str],
    wrong: list[tuple[int, str, str]],
) -> None:
    content = csv_of([("a", "b"), *((cell, "-") for cell in cells)])
    if "1,5" in cells:
        content = content.replace(b"1,5", b'"1,5"')

    report = report_of(client, sources, content, {"fields": [checked, field("b")]})

    assert places(report) == wrong
    assert report["valid"] is False
    assert report["rows"] == len(cells)
    for one in report["errors"]:
        assert str(one["row"]) in one["message"]
        assert "'a'" in one["message"] or "the a of" in one["message"]


def test_a_primary_key_is_checked_over_its_columns(
    client: Client, sources: Sources
) -> None:
    schema = {"fields": [field("a"), field("b")], "primaryKey": ["a", "b"]}

    report = report_of(client, sources, b"a,b\n1,1\n1,2\n1,1\n,1\n", schema)

    assert [(row, code) for row, _, code in places(report)] == [
        (4, "primaryKey"),
        (5, "primaryKey"),
    ]


def test_rows_count_from_where_the_file_begins(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/t.csv", b"Title\nn\n1\nx\n")
    spec = spec_of(
        table("t", url, "n:integer"),
        processing=[{"input": "t", "tabulator": {"headers": 2}, "output": "t"}],
    )
    run_to_end(client, spec)

    report = json.loads(file_of(client, "me/id/1", "data/validation_report.json"))

    assert report["tables"][0]["errors"][0]["row"] == 4


def test_columns_that_are_missing_or_unknown_are_errors(
    client: Client, sources: Sources
) -> None:
    report = report_of(
        client, sources, b"a,c\n1,2\n", {"fields": [field("a"), field("b")]}
    )

    assert {(column, code) for _, column, code in places(report)} == {
        ("b", "missing-column"),
        ("c", "extra-column"),
    }


def test_a_schema_that_makes_no_sense_is_an_error_not_a_crash(
    client: Client, sources: Sources
) -> None:
    schema = {"fields": [field("a", "colour"), field("b", pattern="(")]}

    report = report_of(client, sources, b"a,b\n1,2\n", schema)

    assert report["valid"] is False
    assert {code for _, _, code in places(report)} == {"schema"}


def test_a_thousand_errors_are_listed_and_the_rest_counted(
    client: Client, sources: Sources
) -> None:
    content = csv_of([["n"], *(["x"] for _ in range(1500))])

    report = report_of(client, sources, content, {"fields": [field("n", "integer")]})

    assert report["error_count"] == 1500
    assert len(report["errors"]) == 1000
    assert report["capped"] is True


def test_errors_are_told_in_the_log_and_fail_nothing(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/t.csv", b"n\nx\n")

    revision = run_to_end(client, spec_of(table("t", url, "n:integer")))

    assert revision["state"] == "SUCCEEDED"
    log = "\n".join(revision["logs"])
    assert "Row 2, column 'n'" in log
    assert "found 1 errors" in log


def test_cells_that_do_not_fit_are_null_in_the_json_and_told(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/t.csv", b"n\n1\nx\n")

    revision = run_to_end(client, spec_of(table("t", url, "n:integer")))

    rows = json.loads(file_of(client, "me/id/1", "data/t_json.json"))
    assert rows == [{"n": 1}, {"n": None}]
    assert file_of(client, "me/id/1", "data/t_csv.csv") == b"n\n1\nx\n"
    assert "1 cells are not of their column's type" in "\n".join(revision["logs"])
    assert "first in row 3, column 'n'" in "\n".join(revision["logs"])


def test_the_row_of_a_misfit_is_the_files_own(client: Client, sources: Sources) -> None:
    url = sources.put("/t.csv", b"Title\nTitle\nn\n1\nx\n")
    spec = spec_of(
        table("t", url, "n:integer"),
        processing=[{"input": "t", "tabulator": {"headers": 3}, "output": "t"}],
    )

    revision = run_to_end(client, spec)

    assert "first in row 5, column 'n'" in "\n".join(revision["logs"])


def test_a_table_that_cannot_be_read_is_an_error_of_the_report(
    client: Client, sources: Sources
) -> None:
    report = report_of(client, sources, b"a,b\n1,2\n1\n", {"fields": [field("a")]})

    assert report["valid"] is False
    assert report["errors"][0]["row"] == 3
