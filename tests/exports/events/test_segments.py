"""Segments hold what the log held, and their views are kept small in number."""

import io

import polars as pl
import pytest

from exports.events import (
    Ask,
    Sort,
    TailBatch,
    assemble,
    build_view,
    compact,
    pack,
    write_segment,
)
from exports.events.values import event_frame
from tests.exports.events.logs import TIME_KEY, Stream, computed

pytestmark = pytest.mark.usefixtures("in_small_parts")


def times(*seconds: int) -> list[dict[str, str | list[str]]]:
    return [{TIME_KEY: f"2026-01-01 00:00:{second:02}Z"} for second in seconds]


def test_compaction_changes_no_page(stream: Stream) -> None:
    stream.publish([{"a": "x"}, {"a": ["y", "z"]}, *times(9, 3, 5)])
    stream.append([{"b": "w"}])
    stream.append([{"a": "v"}, *times(4)])
    before = [computed(stream, Ask(sort=sort, limit=20)) for sort in Sort]

    stream.compact()

    assert len(stream.segments) == 1
    assert not stream.tail
    assert [computed(stream, Ask(sort=sort, limit=20)) for sort in Sort] == before


def test_one_view_serves_both_orders_where_they_are_the_same(stream: Stream) -> None:
    stream.publish(times(1, 2, 2, 3, 4, 5, 6))
    stream.publish(times(3, 1))
    stream.build_views()

    first, second = (ref.views for ref in stream.segments)
    assert first[Sort.TIME] == first[Sort.ID]
    assert second[Sort.TIME] != second[Sort.ID]


def test_a_segment_knows_the_bounds_of_its_times(stream: Stream) -> None:
    stream.publish([*times(7, 3), {"a": "x"}])

    (ref,) = stream.segments
    assert (ref.first_seq, ref.last_seq) == (1, 3)
    assert ref.min_time == stream.inserted_us  # earlier than the times here
    assert ref.max_time == stream.kept[0].time
    assert ref.min_inserted == ref.max_inserted == stream.inserted_us


def test_a_view_of_a_file_that_is_none_is_refused(stream: Stream) -> None:
    stream.publish(times(1))
    (ref,) = stream.segments
    ref.views[Sort.TIME] = ref.data

    with pytest.raises(ValueError, match="This file is no view"):
        assemble(stream.log(), Ask(limit=3), stream.store)


def test_only_neighbours_are_compacted(stream: Stream) -> None:
    payload = pack(event_frame([{"a": "x"}], 1, set()), time_key=TIME_KEY)
    tail = [TailBatch(1, 1, 5, payload), TailBatch(3, 1, 6, payload)]

    with pytest.raises(ValueError, match="3 does not follow 1"):
        compact([], tail, stream.store, io.BytesIO()).finish()


def test_long_work_tells_how_far_it_is(stream: Stream) -> None:
    frames = [event_frame(times(n), 1, set()) for n in range(3)]
    writing = write_segment(frames, io.BytesIO(), time_key=TIME_KEY)
    assert list(writing) == [1, 2, 3, 1, 2, 3]
    assert writing.result.rows == 3

    stream.publish(times(*range(20)))
    building = build_view(stream.segments[0], Sort.ID, stream.store, io.BytesIO())
    assert list(building)[-1] >= 16
    assert building.result.rows == 20


def test_a_segment_without_rows_is_an_empty_file() -> None:
    written = write_segment([pl.DataFrame()], io.BytesIO(), time_key=TIME_KEY).finish()

    assert written.rows == 0
