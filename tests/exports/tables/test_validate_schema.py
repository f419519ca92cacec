"""A schema that makes no sense is reported and never crashes the checking."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.tables import Checker

FRAME = pl.DataFrame({"a": ["1", "x"], "b": ["", "y"]})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
TYPES = st.sampled_from(["integer", "number", "date", "boolean", "array", "wat", "any"])


def report(field: dict[str, Any], **schema: Any) -> dict[str, Any]:
    fields = [{"name": "a", **field}, {"name": "b"}]
    checker = Checker({"fields": fields, **schema})
    checker.check(FRAME)
    return checker.report()


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ({"type": "wat"}, "unknown type 'wat'"),
        ({"type": "date", "format": "%Q"}, "'%Q' is no date format"),
        ({"type": "date", "format": "nonsense"}, "is no date format"),
        ({"constraints": {"pattern": "(a"}}, "it is no regular expression"),
        ({"constraints": {"pattern": 5}}, "it must be a regular expression"),
        ({"constraints": {"enum": "x"}}, "it must be a list"),
        ({"constraints": {"enum": []}}, "it must be a list"),
        ({"constraints": {"minLength": "2"}}, "is no whole number"),
        ({"constraints": {"minimum": 2}}, "the type string has no order"),
        ({"type": "integer", "constraints": {"minimum": "x"}}, "'x' is no integer"),
        ({"type": "integer", "constraints": {"enum": [None]}}, "'null' is no integer"),
    ],
)
def test_what_makes_no_sense_is_an_error_of_the_schema(
    field: dict[str, Any], message: str
) -> None:
    made = report(field)

    problem = made["errors"][0]
    assert problem["code"] == "schema"
    assert problem["row"] is None
    assert message in problem["message"]


@pytest.mark.parametrize(
    "pattern", ["(?=x)y", r"(.)\1", "((a{100}){100}){100}", "(?<!x)y"]
)
def test_a_pattern_that_cannot_be_checked_is_a_warning(pattern: str) -> None:
    made = report({"constraints": {"pattern": pattern}})

    assert made["valid"] is True
    assert "the pattern cannot be checked" in made["warnings"][0]


def test_a_hostile_pattern_costs_no_time() -> None:
    checker = Checker({"fields": [{"name": "a", "constraints": {"pattern": "(a+)+b"}}]})
    checker.check(pl.DataFrame({"a": ["a" * 50_000] * 10}))

    assert checker.report()["error_count"] == 10


@pytest.mark.parametrize(
    "schema",
    [
        None,
        [],
        "schema",
        {},
        {"fields": {}},
        {"fields": [None, {}, {"name": 5}, {"name": ""}]},
        {"fields": [{"name": "a"}, {"name": "a"}]},
        {"fields": [{"name": "a"}], "primaryKey": "nope"},
    ],
)
def test_a_schema_of_the_wrong_shape_is_reported(schema: object) -> None:
    checker = Checker(schema)
    checker.check(FRAME)

    assert "schema" in {error["code"] for error in checker.report()["errors"]}


NAMES = ["enum", "pattern", "minimum", "maximum", "minLength", "required", "unique"]


@settings(deadline=None)
@given(
    field=st.dictionaries(
        st.sampled_from(["format", "decimalChar", "groupChar", "trueValues"]), JSON
    ),
    type_=TYPES,
    constraints=st.dictionaries(st.sampled_from(NAMES), JSON),
    rest=st.dictionaries(st.sampled_from(["missingValues", "primaryKey"]), JSON),
)
def test_no_schema_crashes_the_checking(
    field: dict[str, Any],
    type_: str,
    constraints: dict[str, Any],
    rest: dict[str, Any],
) -> None:
    made = report({**field, "type": type_, "constraints": constraints}, **rest)

    assert made["rows"] == 2
