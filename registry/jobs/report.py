"""Validating package contents: a report of every table's errors, row by row."""

from collections.abc import Generator
from contextlib import closing
from typing import Any

import orjson

from exports.tables import TableError
from exports.tables.validate import Checker
from registry.jobs.tables import opened_copy, reading_of
from registry.jobs.work import Made, Steps, Work
from registry.spec import Resource
from tasks.engine.run import Step
from tasks.errors import WorkFailed

ERRORS_LISTED = 1000
ERRORS_IN_LOG = 5


def make_report(work: Work) -> Steps:
    """Check every table; what cannot be read is an error in the report, not of it."""
    path = "data/validation_report.json"
    tables = [one for one in work.spec.resources if one.tabular]
    copies = [work.copy_of(one).artifact.digest for one in tables]
    readings = [[one.name, reading_of(one), one.schema] for one in tables]
    key = work.key(copies, readings=readings)
    made = work.reuse(path, key)
    if made is None:
        made = yield from _write(work, tables, path, key)
    return work.publish(made)


def _write(
    work: Work, tables: list[Resource], path: str, key: str
) -> Generator[Step, None, Made]:
    found = []
    for number, table in enumerate(tables):
        report = yield from _check(work, table, done=number, total=len(tables))
        found.append({"resource": table.name, **report})
    whole = {
        "valid": all(report["valid"] for report in found),
        "error_count": sum(report["error_count"] for report in found),
        "tables": found,
    }
    with work.writer() as out:
        out.write(orjson.dumps(whole, option=orjson.OPT_INDENT_2))
        stored = out.commit()
    rows = sum(report["rows"] for report in found)
    work.say(f"checked {rows} rows, found {whole['error_count']} errors")
    return Made(path, stored, step_key=key)


def _check(
    work: Work, table: Resource, *, done: int, total: int
) -> Generator[Step, None, dict[str, Any]]:
    try:
        with opened_copy(work, table) as (opened, _):
            first_row = opened.first_row
            checker = Checker(table.schema, cap=ERRORS_LISTED, first_row=first_row)
            with closing(checker):
                for frame in opened:
                    checker.check(frame)
                    yield work.run.step(done=done, total=total, rows=checker.rows)
                report = checker.report()
    except WorkFailed as error:
        report = _unreadable(error)
    for one in report["errors"][:ERRORS_IN_LOG]:
        work.say(f"{table.name}: {one['message']}")
    return report


def _unreadable(error: WorkFailed) -> dict[str, Any]:
    cause = error.__cause__
    place = cause if isinstance(cause, TableError) else None
    one = {
        "row": place.row if place else None,
        "column": place.column if place else None,
        "code": error.code,
        "message": str(error),
        "value": None,
    }
    return {
        "valid": False,
        "rows": 0,
        "error_count": 1,
        "capped": False,
        "errors": [one],
        "warnings": [],
    }
