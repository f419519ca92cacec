"""Rules made at random are read as they were meant, and both evaluators agree."""

import os

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exports.tables.errors import BadRule
from exports.tables.rules import Rule, matches, parse_rule, rule_expr, rule_text
from tests.exports.tables.rules.ruling import VALUES, events, rules, written_rules

SCHEMA = {
    "a": pl.String(),
    "ip": pl.Categorical(),
    "name": pl.String(),
    "Ä key": pl.List(pl.String()),
    "and": pl.Int16(),
}
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
some = settings(deadline=None, max_examples=300, suppress_health_check=SLOW)
many = settings(
    deadline=None,
    max_examples=int(os.environ.get("RULES", "20000")),
    suppress_health_check=SLOW,
    database=None,
)


def require_equal_answers(rule: Rule, said: list[dict[str, object]]) -> None:
    frame = pl.DataFrame(said, SCHEMA, orient="row")
    answers = frame.with_columns(rule_expr(rule, frame.schema).alias("answer"))[
        "answer"
    ]

    assert answers.dtype == pl.Boolean
    assert answers.to_list() == [matches(rule, event) for event in said]


@some
@given(written_rules())
def test_a_rule_is_read_as_it_was_meant(written: tuple[Rule, str]) -> None:
    rule, text = written

    assert parse_rule(text) == rule


@some
@given(rules)
def test_canonical_text_gives_the_same_rule_and_the_same_text(rule: Rule) -> None:
    text = rule_text(rule)

    assert parse_rule(text) == rule
    assert rule_text(parse_rule(text)) == text


@some
@given(rules, st.lists(events, max_size=4))
def test_the_expression_says_what_the_plain_evaluator_says(
    rule: Rule, said: list[dict[str, object]]
) -> None:
    require_equal_answers(rule, said)


@pytest.mark.faults
@many
@given(written_rules(), st.lists(events, min_size=1, max_size=4))
def test_of_many_rules_each_is_read_and_answered_alike(
    written: tuple[Rule, str], said: list[dict[str, object]]
) -> None:
    rule, text = written

    assert parse_rule(text) == rule
    assert parse_rule(rule_text(rule)) == rule
    require_equal_answers(rule, said)


@some
@given(
    st.one_of(
        st.text(max_size=60),
        st.text(alphabet='ab01 .:-()"*!=/\\nori<>\n', max_size=60),
        st.lists(
            st.sampled_from(
                [*'()"*=/\\ ', "no ", " and ", " or ", " in ", "not ", "!=", *VALUES]
            ),
            max_size=12,
        ).map("".join),
    )
)
def test_any_text_is_a_rule_or_is_refused_with_a_place(text: str) -> None:
    rule, place = attempt(text)

    assert (rule is None) != (place is None)
    assert place is None or 0 <= place <= len(text)
    assert rule is None or parse_rule(rule_text(rule)) == rule


def attempt(text: str) -> tuple[Rule | None, int | None]:
    try:
        return parse_rule(text), None
    except BadRule as error:
        str(error).encode()
        return None, error.position
