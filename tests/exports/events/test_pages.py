"""A page is what sorting and cutting all events gives, however the log is kept."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.events import Ask, Page, Sort, count, count_now
from exports.tables.rules import parse_rule
from tests.exports.events.histories import asks, histories, live, some
from tests.exports.events.logs import (
    TIME_KEY,
    Stream,
    a_stream,
    assembled,
    computed,
    events_of,
)

pytestmark = pytest.mark.usefixtures("in_small_parts")

RULES = [
    "a=x",
    "b=* and no c=y",
    "x",
    'a!=x or "insertion time"=/1Z/',
    "*=/é/",
    "uuid=/^a/",
]
KEYS = st.sampled_from([None, {"a"}, {"a", "uuid", "zz"}, {"insertion time"}, set()])


def require_page(page: Page, plain: bytes, stream: Stream, ask: Ask) -> None:
    events, keys, more = stream.expected(ask)
    assert events_of(plain) == events
    assert (page.rows, page.more) == (len(events), more)
    assert page.first == (keys[0] if keys else None)
    assert page.last == (keys[-1] if keys else None)


@some
@given(st.data(), histories)
def test_a_page_of_blocks_and_a_computed_one_are_equal_and_right(
    data: st.DataObject, history: list[tuple[str, object]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stream = a_stream(Path(folder))
        for step in history:
            live(stream, step)
        stream.build_views()
        for _ in range(4):
            ask = data.draw(asks(stream))
            found = assembled(stream, ask)
            assert found is not None
            require_page(*found, stream, ask)
            page, plain = computed(stream, ask)
            assert plain == found[1]
            assert page == replace(found[0], size=page.size)


@some
@given(st.data(), histories, st.sampled_from(RULES), KEYS)
def test_a_page_has_the_events_and_keys_that_are_asked_for(
    data: st.DataObject,
    history: list[tuple[str, object]],
    rule: str,
    keys: set[str] | None,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stream = a_stream(Path(folder))
        for step in history:
            live(stream, step)
        shown = None if keys is None else frozenset(keys)
        ask = replace(data.draw(asks(stream)), rules=(parse_rule(rule),), keys=shown)

        require_page(*computed(stream, ask), stream, ask)


@some
@given(st.data(), histories, st.sampled_from([None, *RULES]))
def test_a_count_is_the_number_of_events_on_all_pages(
    data: st.DataObject, history: list[tuple[str, object]], rule: str | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stream = a_stream(Path(folder))
        for step in history:
            live(stream, step)
        rules = (parse_rule(rule),) if rule else ()
        ask = replace(data.draw(asks(stream)), rules=rules, limit=None)
        expected = len(stream.expected(ask)[0])

        assert count(stream.log(), ask, stream.store).finish() == expected
        assert count_now(stream.log(), ask) in {expected, None}


def test_a_count_of_all_looks_at_no_event(stream: Stream) -> None:
    stream.publish([{"a": str(n)} for n in range(30)])
    stream.append([{"a": "x"}])

    assert count_now(stream.log(), Ask()) == 31
    assert count_now(stream.log(), Ask(min_seq=10, max_seq=30)) == 20
    assert count_now(stream.log(), Ask(limit=5)) == 5
    assert count_now(stream.log(), Ask(rules=(parse_rule("a=x"),))) is None


def test_blocks_do_not_serve_before_they_are_built_nor_for_a_filter(
    stream: Stream,
) -> None:
    stream.publish([{"a": "x"}, {"a": "y"}])
    ask = Ask(limit=10)

    assert assembled(stream, ask) is None

    stream.build_views()
    assert assembled(stream, ask) is not None
    assert assembled(stream, replace(ask, rules=(parse_rule("a=x"),))) is None
    assert assembled(stream, replace(ask, keys=frozenset({"a"}))) is None


def test_a_page_that_is_much_work_to_make_is_left_to_a_job(stream: Stream) -> None:
    stream.publish([{"a": str(n)} for n in range(30)])
    stream.build_views()
    ask = Ask(limit=30, reverse=True)

    assert assembled(stream, ask, most_made=20) is None
    found = assembled(stream, ask, most_made=30)
    assert found is not None
    assert [event["a"] for event in events_of(found[1])] == [
        str(n) for n in range(29, -1, -1)
    ]


def test_an_empty_log_gives_an_empty_page(stream: Stream) -> None:
    assert computed(stream, Ask(limit=3))[1] == b"[]"
    found = assembled(stream, Ask(limit=3))
    assert found is not None
    assert found[1] == b"[]"
    assert not found[0].more


def test_an_event_without_a_time_of_its_own_stands_at_its_insertion_time(
    stream: Stream,
) -> None:
    stream.publish(
        [
            {"a": "none"},
            {"a": "bad", TIME_KEY: "yesterday"},
            {"a": "late", TIME_KEY: "2038-01-01"},
            {"a": "early", TIME_KEY: ["2001-01-01T00:00:00+02:00", "2040-01-01"]},
        ]
    )

    _, plain = computed(stream, Ask(limit=10))

    names = [event["a"] for event in events_of(plain)]
    assert names == ["early", "none", "bad", "late"]


def test_the_bounds_of_a_page_by_id_are_insertion_times(stream: Stream) -> None:
    stream.append([{"a": "1", TIME_KEY: "2001-01-01"}])
    stream.append([{"a": "2", TIME_KEY: "2002-01-01"}])
    start = stream.inserted_us

    _, by_id = computed(stream, Ask(sort=Sort.ID, limit=5, start=start))
    _, before = computed(stream, Ask(sort=Sort.ID, limit=5, end=start))

    assert [event["a"] for event in events_of(by_id)] == ["2"]
    assert [event["a"] for event in events_of(before)] == ["1"]
