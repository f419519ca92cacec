"""One log line, for people and for machines."""

import json
import logging
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import resolve

from config.logs import Faults, JsonFormatter, LineFormatter
from tasks import context


def record(message: str = "a job ended", **extra: Any) -> logging.LogRecord:
    made = logging.makeLogRecord({"msg": message, "name": "tasks", **extra})
    made.levelno, made.levelname, made.created = logging.INFO, "INFO", 1_795_860_000.5
    return made


def told(one: logging.LogRecord) -> Any:
    line = JsonFormatter().format(one)
    assert "\n" not in line
    return json.loads(line)


def test_a_line_for_machines_is_one_object() -> None:
    assert told(record(held_s=0.25)) == {
        "at": "2026-11-28T10:00:00.500000+00:00",
        "level": "info",
        "logger": "tasks",
        "message": "a job ended",
        "held_s": 0.25,
    }


def test_a_line_for_people_has_its_variables_behind_it() -> None:
    line = LineFormatter().format(record(state="failed", held_s=0.25))

    assert line.endswith("INFO    tasks: a job ended held_s=0.25 state=failed")


def test_a_line_says_what_is_being_done() -> None:
    with context.bound({"job": "7"}):
        context.note(client=3)

        assert told(record())["job"] == "7"
        assert LineFormatter().format(record()).endswith("client=3 job=7")
    assert "job" not in told(record())


def test_what_a_line_was_given_comes_before_what_is_being_done() -> None:
    with context.bound({"job": "7"}):
        assert told(record(job="8"))["job"] == "8"


def test_a_traceback_stays_in_its_line() -> None:
    try:
        int("no\nsuch thing")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)

    traceback = told(record(exc_info=info))["traceback"]
    assert traceback.startswith("Traceback (most recent call last):\n")
    assert "ValueError: invalid literal" in traceback


@pytest.mark.parametrize("odd", ["two\nlines", "half \ud800 a pair", "\x1b[31m"])
def test_whatever_is_in_a_variable_stays_in_its_line(odd: str) -> None:
    assert told(record(route=odd))["route"] == odd
    assert LineFormatter().format(record(route=odd)).isprintable()


def test_what_no_json_can_hold_is_told_as_text() -> None:
    line = told(record(what={("a", 1): 2, "b": ValueError("no")}))

    assert line["what"] == {"b": "no"}


def test_a_fault_of_ours_is_told_by_its_route_and_without_its_query() -> None:
    request = RequestFactory().get("/source/update/secret?jwt=secret")
    request.resolver_match = resolve("/source/update/secret")
    fault = record("Internal Server Error: %s", args=(request.path,), request=request)

    assert Faults().filter(fault)
    for line in (JsonFormatter().format(fault), LineFormatter().format(fault)):
        assert "Internal Server Error: /source/update/<str:token>" in line
        assert "secret" not in line


def test_a_503_of_ours_is_no_fault() -> None:
    assert not Faults().filter(record(status_code=503))
    assert Faults().filter(record(status_code=500))
