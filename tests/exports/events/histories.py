"""Histories of logs made at random: appends, publications, compactions, views."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from exports.events import Ask, Sort, us_text
from exports.events.values import Event
from tests.exports.events.logs import TIME_KEY, Stream

BEGIN = 1_699_999_999_000_000
TEXTS = ["", "x", "y", '"\\', "\n\x01\x1f", "é\u2028😀\x7f", "},\n{", "a,b"]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
some = settings(
    deadline=None,
    max_examples=int(os.environ.get("HISTORIES", "6")),
    suppress_health_check=SLOW,
    database=None,
)

texts = st.sampled_from(TEXTS)
values = st.one_of(texts, st.lists(texts, min_size=2, max_size=3))
seconds = st.integers(0, 8)  # few, so that many events have equal times


@st.composite
def events(draw: st.DrawFn) -> Event:
    event: Event = draw(st.dictionaries(st.sampled_from("abcd"), values, max_size=3))
    if draw(st.integers(0, 4)):
        event[TIME_KEY] = us_text(BEGIN + draw(seconds) * 1_000_000)
    return event


batches = st.lists(events(), min_size=1, max_size=12)
steps = st.one_of(
    st.tuples(st.just("append"), batches),
    st.tuples(st.just("publish"), st.lists(events(), min_size=1, max_size=40)),
    st.tuples(st.just("compact"), st.integers(0, 3)),
    st.tuples(st.just("build"), st.none()),
)
histories = st.lists(steps, max_size=6)
sorts = st.sampled_from(Sort)


def live(stream: Stream, step: tuple[str, object]) -> None:
    """Let one thing happen to a log."""
    match step:
        case ("append", list(some_events)):
            stream.append(some_events)
        case ("publish", list(some_events)):
            stream.compact(len(stream.segments))
            stream.publish(some_events)
        case ("compact", int(first)):
            stream.compact(min(first, len(stream.segments)))
        case _:
            stream.build_views()


@st.composite
def asks(draw: st.DrawFn, stream: Stream) -> Ask:
    """Ask for a part of a log: between places where events are, or none."""
    sort = draw(sorts)
    places = [one.key(sort) for one in stream.kept]
    place = st.one_of(st.none(), st.sampled_from(places)) if places else st.none()
    start, end = draw(place), draw(place)
    number = st.one_of(st.just(0), st.integers(0, stream.head + 1))
    return Ask(
        sort=sort,
        reverse=draw(st.booleans()),
        limit=draw(st.sampled_from([1, 2, 7, 20, 1000])),
        start=start.at if start else None,
        end=end.at if end else None,
        after=draw(place),
        min_seq=draw(number),
        max_seq=draw(number) or None,
    )


@contextmanager
def small_parts() -> Iterator[None]:
    """Cut everything small, so that a short log has many parts."""
    with pytest.MonkeyPatch.context() as patch:
        for name, rows in (
            ("view_writer.BLOCK_ROWS", 4),
            ("segment_writer.GROUP_ROWS", 6),
            ("tail.HEAD_ROWS", 3),
            ("build.BUCKET_ROWS", 10),
            ("build.PART_ROWS", 5),
            ("stream.MADE_ROWS", 3),
            ("computing.PART_ROWS", 5),
            ("scan.FIRST_ROWS", 8),
            ("scan.MOST_ROWS", 16),
        ):
            patch.setattr(f"exports.events.{name}", rows)
        yield
