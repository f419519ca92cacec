"""Rules made at random mean on a page of events what they mean on each event."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.events import Ask
from exports.events.values import Event
from exports.tables.rules import Rule
from tests.exports.events.histories import some
from tests.exports.events.logs import a_stream, computed, events_of
from tests.exports.tables.rules.ruling import KEYS, VALUES, rules

pytestmark = pytest.mark.usefixtures("in_small_parts")

TEXTS = st.sampled_from(VALUES)
EVENTS: st.SearchStrategy[Event] = st.dictionaries(
    st.sampled_from(KEYS),
    st.one_of(TEXTS, st.lists(TEXTS, min_size=2, max_size=3)),
    max_size=4,
)


@some
@given(
    st.lists(EVENTS, min_size=1, max_size=8),
    st.lists(EVENTS, max_size=4),
    st.lists(rules, min_size=10, max_size=10),
)
def test_a_rule_chooses_the_events_that_the_plain_evaluator_chooses(
    published: list[Event], appended: list[Event], some_rules: list[Rule]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stream = a_stream(Path(folder))
        stream.publish(published)
        if appended:
            stream.append(appended)
        for rule in some_rules:
            ask = Ask(limit=20, rules=(rule,))
            _, plain = computed(stream, ask)

            assert events_of(plain) == stream.expected(ask)[0]
