"""The use cases of streams: events put in, in one order for all who read them."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import BinaryIO

import polars as pl
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone

from exports.asking import us_of
from exports.errors import ExportError
from exports.events import (
    BadEvents,
    SegmentRef,
    TooLarge,
    Written,
    pack,
    read_body,
    read_file,
    write_segment,
)
from exports.models import Batch, EventSegment, EventStream
from tasks import services
from tasks.archive.store import Stored
from tasks.archive.stored import store
from tasks.errors import Overloaded
from tasks.models import Artifact, Client, Job
from tasks.states import JobState

COMPACT_KIND = "exports.compact"
# What is in no segment is read anew by each query: beyond this much it is compacted.
TAIL_ROWS, TAIL_BATCHES = 20_000, 64
# And nothing more is taken in while so much still waits for that.
MOST_TAIL_ROWS, MOST_TAIL_BATCHES = 1_000_000, 2_000
RETRY_AFTER_S = 5
NO_EVENT = "There is no event."
ONE_US = timedelta(microseconds=1)


class AppendedBefore(ExportError):
    """What is to be appended once is in the stream already."""


@dataclass(frozen=True, slots=True)
class Appended:
    """A batch, and the uuids of its first and last event."""

    batch: Batch
    first: str
    last: str


def stream_named(name: str, *, client: Client, time_key: str = "") -> EventStream:
    """Return the stream of a name; its first visitor makes it."""
    defaults = {"client": client, "time_key": time_key}
    return EventStream.objects.get_or_create(name=name, defaults=defaults)[0]


def append_events(*, stream: EventStream, body: bytes) -> Appended:
    """Append the events of a JSON array or of NDJSON, all or none.

    Raises:
        BadEvents: they cannot be taken; it names the event.
        Overloaded: too much waits to be compacted, or the disk is nearly full.
    """
    try:
        events = read_body(body)
    except TooLarge:
        return append_file(stream=stream, file=BytesIO(body))
    if not events.height:
        raise BadEvents(NO_EVENT)
    uuids = events["uuid"]
    return Appended(_append_row(stream, events), first=uuids[0], last=uuids[-1])


def append_file(*, stream: EventStream, file: BinaryIO) -> Appended:
    """Append the events of a file, JSON or NDJSON of any size, all or none.

    It is written first, so that nobody waits for that at the stream's lock.

    Raises:
        BadEvents, Overloaded: as append_events.
    """
    _check_room(_tail_of(stream))
    ends = Ends(read_file(file))
    with store().writer(fence=f"append-{uuid.uuid4()}") as out:
        written = write_segment(ends, out, time_key=stream.time_key).finish()
        if not written.rows:
            raise BadEvents(NO_EVENT)
        stored = out.commit()
    batch = append_segment(stream=stream, written=written, stored=stored)
    return Appended(batch, first=ends.first, last=ends.last)


class Ends:
    """Frames on their way; which uuids were the first and the last is known then."""

    def __init__(self, frames: Iterator[pl.DataFrame]) -> None:
        self._frames = frames
        self.first = self.last = ""

    def __iter__(self) -> Iterator[pl.DataFrame]:
        for frame in self._frames:
            if frame.height:
                self.first = self.first or frame["uuid"][0]
                self.last = frame["uuid"][-1]
            yield frame


def _append_row(stream: EventStream, events: pl.DataFrame) -> Batch:
    payload = pack(events, time_key=stream.time_key)
    with transaction.atomic():
        batch = place(stream, rows=events.height, payload=payload)
        tail = _tail_of(stream)
        _check_room(tail)
        if tail.rows > TAIL_ROWS or tail.batches > TAIL_BATCHES:
            compact_later(stream)
    return batch


def place(
    stream: EventStream, *, rows: int, origin: str = "", payload: bytes = b""
) -> Batch:
    """Give so many events the next numbers; the stream is held until the commit.

    Call it in a transaction.

    Raises:
        AppendedBefore: what came from there is in the stream.
    """
    held = EventStream.objects.select_for_update(no_key=True).get(pk=stream.pk)
    if origin and held.batches.filter(origin=origin).exists():
        raise AppendedBefore
    batch = Batch.objects.create(
        stream=held,
        number=held.newest + 1,
        first_seq=held.head + 1,
        rows=rows,
        inserted_at=_after(held.last_inserted_at),
        origin=origin,
        payload=payload,
        in_segment=not payload,
    )
    held.newest, held.head = batch.number, held.head + rows
    held.last_inserted_at = batch.inserted_at
    held.save(update_fields=["newest", "head", "last_inserted_at"])
    return batch


def _after(moment: datetime | None) -> datetime:
    """Return the time, but always a later one than before, whatever clocks say."""
    now = timezone.now()
    return now if moment is None else max(now, moment + ONE_US)


@transaction.atomic
def append_segment(
    *,
    stream: EventStream,
    written: Written,
    stored: Stored,
    origin: str = "",
    job: Job | None = None,
) -> Batch:
    """Append what was written to a file, which the next job makes fast to read.

    Raises:
        AppendedBefore: what came from there is in the stream.
    """
    batch = place(stream, rows=written.rows, origin=origin)
    ref = written.placed(
        digest=stored.digest,
        first_seq=batch.first_seq,
        inserted_us=us_of(batch.inserted_at),
    )
    add_segment(stream, ref, stored, job=job)
    compact_later(stream)
    return batch


def add_segment(
    stream: EventStream, ref: SegmentRef, stored: Stored, *, job: Job | None
) -> EventSegment:
    """Show a segment to who reads; its file is then owned by its row."""
    return EventSegment.objects.create(
        stream=stream,
        first_seq=ref.first_seq,
        rows=ref.rows,
        min_time=ref.min_time,
        max_time=ref.max_time,
        min_inserted=ref.min_inserted,
        max_inserted=ref.max_inserted,
        data=owned(stored, name="events.parquet", job=job, rows=ref.rows),
    )


def owned(
    stored: Stored, *, name: str, job: Job | None, rows: int | None = None
) -> Artifact:
    return Artifact.objects.create(
        digest=stored.digest,
        size_bytes=stored.size,
        name=name,
        media_type="application/octet-stream",
        rows=rows,
        job=job,
    )


def compact_later(stream: EventStream) -> None:
    """Queue the job that tidies a stream, unless one waits already."""
    lane = f"stream:{stream.pk}"
    waits = Job.objects.filter(lane_id=lane, due_at__isnull=False)
    if waits.filter(kind=COMPACT_KIND, state=JobState.QUEUED).exists():
        return
    services.enqueue(
        COMPACT_KIND,
        client=stream.client,
        params={"stream": stream.pk},
        lane=lane,
        serial=True,
        internal=True,
    )


@dataclass(frozen=True, slots=True)
class Tail:
    rows: int
    batches: int


def _tail_of(stream: EventStream) -> Tail:
    waiting = Batch.objects.filter(stream=stream).tail().order_by()
    found = waiting.aggregate(rows=Sum("rows"), batches=Count("pk"))
    return Tail(found["rows"] or 0, found["batches"])


def _check_room(tail: Tail) -> None:
    if tail.rows > MOST_TAIL_ROWS or tail.batches > MOST_TAIL_BATCHES:
        raise Overloaded(
            "Too many events wait to be filed.", retry_after_s=RETRY_AFTER_S
        )
    if services.free_megabytes() < settings.DISK_RESERVE_MB:
        raise Overloaded("The service's disk is nearly full.", retry_after_s=60)
