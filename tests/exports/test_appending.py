"""Events put into a stream: numbered in one order, all or none, and compacted."""

import json
import random
from datetime import timedelta
from io import BytesIO
from itertools import pairwise
from time import sleep

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from exports import appending, compacting
from exports.appending import AppendedBefore
from exports.event_log import read_log
from exports.events import Ask, BadEvents, Sort, compute
from exports.models import Batch, EventSegment, EventStream
from tasks import prune as tasks_prune
from tasks.archive import stored
from tasks.engine import shift
from tasks.errors import Overloaded
from tasks.models import Artifact, Job
from tests.support.sharing import a_stream, events_in, put, some_events
from tests.support.threads import at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_store"),
]


@pytest.fixture
def stream() -> EventStream:
    return a_stream()


def all_of(stream: EventStream) -> list[str]:
    """Return what the events say, in the order of their insertion."""
    out = BytesIO()
    log = read_log(stream.pk)
    compute(log, Ask(sort=Sort.ID, limit=100_000), stored.store(), out).finish()
    return [one["n"] for one in events_in(out.getvalue())]


def test_batches_are_numbered_without_gaps(stream: EventStream) -> None:
    batches = [put(stream, some_events(count)) for count in (3, 1, 2)]

    told = [(one.number, one.first_seq, one.rows) for one in batches]
    assert told == [(1, 1, 3), (2, 4, 1), (3, 5, 2)]
    stream.refresh_from_db()
    assert (stream.head, stream.newest) == (6, 3)


def test_insertion_times_only_grow_whatever_the_clock_says(
    stream: EventStream,
) -> None:
    later = timezone.now() + timedelta(hours=1)
    EventStream.objects.filter(pk=stream.pk).update(last_inserted_at=later)

    first, second = put(stream, [{"a": "1"}]), put(stream, [{"a": "2"}])

    assert later < first.inserted_at < second.inserted_at


def test_of_events_that_are_no_good_none_is_taken(stream: EventStream) -> None:
    with pytest.raises(BadEvents) as refused:
        put(stream, [{"a": "1"}, {"a": {"no": "nesting"}}])

    assert (refused.value.event, refused.value.key) == (2, "a")
    assert not Batch.objects.exists()


def test_writers_at_once_neither_lose_nor_repeat_numbers(stream: EventStream) -> None:
    def write() -> None:
        for _ in range(5):
            put(stream, some_events(random.randrange(1, 4)))

    at_once(4, write)

    batches = list(stream.batches.order_by("number"))
    assert [one.number for one in batches] == list(range(1, 21))
    assert batches[0].first_seq == 1
    for one, other in pairwise(batches):
        assert one.first_seq + one.rows == other.first_seq
        assert one.inserted_at < other.inserted_at


def test_a_large_append_is_a_file_at_once(stream: EventStream) -> None:
    batch = put(stream, some_events(10_001))

    assert (batch.rows, batch.in_segment, bytes(batch.payload)) == (10_001, True, b"")
    assert stream.segments.current().count() == 1
    assert len(all_of(stream)) == 10_001


def test_an_origin_is_appended_once(stream: EventStream) -> None:
    with transaction.atomic():
        appending.place(stream, rows=1, origin="owner/set/1", payload=b"x")

    with pytest.raises(AppendedBefore), transaction.atomic():
        appending.place(stream, rows=1, origin="owner/set/1", payload=b"x")


def test_a_long_tail_is_compacted_and_reads_the_same(stream: EventStream) -> None:
    for number in range(66):
        put(stream, [{"n": str(number)}])
    before = all_of(stream)
    assert list(Job.objects.values_list("kind", "serial")) == [
        ("exports.compact", True)
    ]

    shift.answer()

    assert not Batch.objects.tail().exists()
    segment = stream.segments.current().get()
    assert (segment.first_seq, segment.rows) == (1, 66)
    assert None not in (segment.time_view, segment.id_view)
    assert all_of(stream) == before == [str(n) for n in range(66)]


def test_appends_of_all_sizes_between_each_other_keep_their_order(
    stream: EventStream,
) -> None:
    wanted: list[str] = []
    for turn, count in enumerate([2, 10_001, 1, 3, 10_050, 4]):
        events = [{"n": f"{turn}.{n}"} for n in range(count)]
        put(stream, events)
        wanted += [one["n"] for one in events]
    assert all_of(stream) == wanted

    shift.answer()

    assert all_of(stream) == wanted
    assert not Batch.objects.tail().exists()


def test_small_segments_are_merged_and_what_they_replaced_is_pruned(
    stream: EventStream,
) -> None:
    for turn in range(4):
        appending.append_file(
            stream=stream, file=BytesIO(json.dumps([{"n": str(turn)}]).encode())
        )
    shift.answer()
    assert stream.segments.current().count() == 1
    replaced = EventSegment.objects.filter(replaced_at__isnull=False)
    assert replaced.count() == 4

    now = timezone.now()
    kept = compacting.prune(at=now, dry_run=False)
    gone = compacting.prune(at=now + timedelta(hours=2), dry_run=False)

    assert (kept, gone) == ({"replaced segments": 0}, {"replaced segments": 4})
    Artifact.objects.update(created_at=now - timedelta(hours=2))
    tasks_prune.prune(before=now - timedelta(days=1))
    assert Artifact.objects.filter(name="events.parquet").count() == 1
    assert all_of(stream) == ["0", "1", "2", "3"]


def test_too_long_a_tail_takes_nothing_more_in(
    stream: EventStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "MOST_TAIL_BATCHES", 2)
    put(stream, [{"n": "0"}])
    put(stream, [{"n": "1"}])

    with pytest.raises(Overloaded):
        put(stream, [{"n": "2"}])

    assert all_of(stream) == ["0", "1"]


def test_nothing_is_taken_in_when_the_disk_is_nearly_full(
    stream: EventStream, settings: Settings
) -> None:
    settings.DISK_RESERVE_MB = 1 << 40

    with pytest.raises(Overloaded):
        put(stream, [{"n": "0"}])


def test_who_reads_while_it_is_compacted_sees_each_event_once(
    stream: EventStream,
) -> None:
    for number in range(70):
        put(stream, [{"n": str(number)}])
    wanted = [str(number) for number in range(70)]
    seen: list[list[str]] = []

    def read() -> None:
        for _ in range(10):
            seen.append(all_of(stream))
            sleep(0.005)

    turns = iter([read, shift.answer])

    def turn() -> None:
        next(turns)()

    at_once(2, turn)

    assert [one for one in seen if one != wanted] == []


def test_an_ended_stream_of_nobody_is_no_fault_of_a_job(stream: EventStream) -> None:
    appending.compact_later(stream)
    EventStream.objects.filter(pk=stream.pk).delete()

    shift.answer()

    assert Job.objects.get().state == "succeeded"
