"""Passes from page to page miss nothing and repeat nothing while the log changes."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.events import Ask, Key, Page, Sort
from exports.events.values import Event
from tests.exports.events.histories import batches, histories, live, some, sorts, steps
from tests.exports.events.logs import Stream, a_stream, assembled, computed, events_of

pytestmark = pytest.mark.usefixtures("in_small_parts")


def page_of(stream: Stream, ask: Ask) -> tuple[Page, list[str]]:
    page, plain = assembled(stream, ask) or computed(stream, ask)
    return page, ids(events_of(plain))


def ids(events: list[Event]) -> list[str]:
    return [str(event["uuid"]) for event in events]


@some
@given(st.data(), histories, sorts, st.booleans(), st.integers(1, 9))
def test_a_pinned_pass_gives_what_was_there_when_it_began(
    data: st.DataObject,
    history: list[tuple[str, object]],
    sort: Sort,
    reverse: bool,
    limit: int,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stream = a_stream(Path(folder))
        for step in history:
            live(stream, step)
        ask = Ask(sort=sort, reverse=reverse, limit=limit, max_seq=stream.head)
        expected = ids(stream.expected(replace(ask, limit=None))[0])
        seen: list[str] = []
        more, after = True, None
        while more:
            page, found = page_of(stream, replace(ask, after=after))
            seen += found
            more, after = page.more, page.last
            if data.draw(st.booleans()):
                live(stream, data.draw(steps))

        assert seen == expected


@some
@given(st.data(), histories, st.integers(1, 9))
def test_an_endless_sync_by_id_gives_every_event_once_in_the_order_of_insertion(
    data: st.DataObject, history: list[tuple[str, object]], limit: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stream = a_stream(Path(folder))
        for step in history:
            live(stream, step)
        seen: list[str] = []
        after: Key | None = None
        for _ in range(4):
            more = True
            while more:
                ask = Ask(sort=Sort.ID, limit=limit, after=after)
                page, found = page_of(stream, ask)
                seen += found
                more, after = page.more, page.last or after
                if data.draw(st.booleans()):
                    stream.append(data.draw(batches))
            live(stream, data.draw(steps))
        _, rest = page_of(stream, Ask(sort=Sort.ID, limit=1000, after=after))

        assert seen + rest == [str(one.event["uuid"]) for one in stream.kept]


@some
@given(st.data(), histories, sorts, st.booleans(), st.integers(1, 9))
def test_passes_that_begin_after_what_was_inserted_last_never_repeat_an_event(
    data: st.DataObject,
    history: list[tuple[str, object]],
    sort: Sort,
    reverse: bool,
    limit: int,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stream = a_stream(Path(folder))
        for step in history:
            live(stream, step)
        seen: list[str] = []
        last_inserted = 0
        for _ in range(3):
            ask = Ask(
                sort=sort,
                reverse=reverse,
                limit=limit,
                min_seq=last_inserted,
                max_seq=stream.head,
            )
            last_inserted = stream.head
            more = True
            while more:
                page, found = page_of(stream, ask)
                seen += found
                more, ask = page.more, replace(ask, after=page.last)
                live(stream, data.draw(steps))

        there = [str(one.event["uuid"]) for one in stream.kept[:last_inserted]]
        assert len(seen) == len(set(seen))
        assert sorted(seen) == sorted(there)
