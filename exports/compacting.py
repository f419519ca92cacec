"""Tidying streams: small appends become segments, small segments larger ones."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from exports.appending import add_segment, owned
from exports.event_log import ID, TIME, ref_of, tail_of
from exports.events import SegmentRef, Sort, TailBatch
from exports.models import Batch, EventSegment, EventStream
from tasks.archive.store import Stored
from tasks.models import Job

MOST_ROWS = 1_000_000  # of a segment that others are merged into
# A neighbour this many times as large is left alone, so that no event is moved often.
MUCH_LARGER = 2
FEWEST_SEGMENTS = 4  # that are merged though nothing was appended
# Who began to read from files that were replaced has so long to end.
READERS_END_WITHIN = timedelta(hours=1)

Chunk = Batch | EventSegment
Views = dict[Sort, Stored]  # two orders may share a file


@dataclass(frozen=True, slots=True)
class NewSegment:
    ref: SegmentRef
    stored: Stored
    views: Views


@dataclass(frozen=True, slots=True)
class Chosen:
    """Neighbours in a stream that are to become one segment."""

    chunks: tuple[Chunk, ...]

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.chunks)

    @property
    def segments(self) -> tuple[SegmentRef, ...]:
        return tuple(ref_of(x) for x in self.chunks if isinstance(x, EventSegment))

    @property
    def tail(self) -> tuple[TailBatch, ...]:
        return tuple(tail_of(x) for x in self.chunks if isinstance(x, Batch))


def choose(stream: EventStream) -> Chosen | None:
    """Return the oldest small appends, or some segments, that should become one."""
    chunks = _chunks(stream)
    tail = [n for n, one in enumerate(chunks) if isinstance(one, Batch)]
    if not tail:
        run = _with_smaller_before(chunks, len(chunks) - 1, len(chunks))
        return Chosen(run) if len(run) >= FEWEST_SEGMENTS else None
    end = first = tail[0]
    rows = 0
    while end in tail and (rows == 0 or rows + chunks[end].rows <= MOST_ROWS):
        rows += chunks[end].rows
        end += 1
    return Chosen(_with_smaller_before(chunks, first, end))


def _with_smaller_before(
    chunks: list[Chunk], first: int, end: int
) -> tuple[Chunk, ...]:
    """Add what is before a run for as long as it is not much larger than the run."""
    rows = sum(one.rows for one in chunks[first:end])
    while first > 0:
        before = chunks[first - 1].rows
        if before > MUCH_LARGER * rows or before + rows > MOST_ROWS:
            break
        rows += before
        first -= 1
    return tuple(chunks[max(first, 0) : end])


def _chunks(stream: EventStream) -> list[Chunk]:
    segments = EventSegment.objects.filter(stream=stream).current().with_files()
    tail = Batch.objects.filter(stream=stream).tail()
    return sorted([*segments, *tail], key=lambda one: one.first_seq)


@transaction.atomic
def replace(
    stream: EventStream, chosen: Chosen, new: NewSegment, *, job: Job, at: datetime
) -> EventSegment:
    """Show a segment in the place of the chunks that are in it."""
    EventStream.objects.select_for_update(no_key=True).get(pk=stream.pk)
    old = [one.pk for one in chosen.chunks if isinstance(one, EventSegment)]
    filed = [one.pk for one in chosen.chunks if isinstance(one, Batch)]
    EventSegment.objects.filter(pk__in=old).update(replaced_at=at)
    Batch.objects.filter(pk__in=filed).update(payload=b"", in_segment=True)
    segment = add_segment(stream, new.ref, new.stored, job=job)
    show_views(segment, new.views, job=job)
    return segment


def without_views(stream: EventStream) -> list[EventSegment]:
    """Return the segments of which pages are still made row by row."""
    current = EventSegment.objects.filter(stream=stream).current().with_files()
    return [one for one in current if not (one.time_view_id and one.id_view_id)]


def show_views(segment: EventSegment, views: Views, *, job: Job | None) -> None:
    """Let pages be made of these files; two orders may share one."""
    made = {one.digest: one for one in views.values()}
    artifacts = {
        digest: owned(stored, name="events.blocks", job=job)
        for digest, stored in made.items()
    }
    found = {sort.value: artifacts[one.digest] for sort, one in views.items()}
    segment.time_view = found.get(TIME, segment.time_view)
    segment.id_view = found.get(ID, segment.id_view)
    segment.save(update_fields=["time_view", "id_view"])


def prune(*, at: datetime, dry_run: bool) -> dict[str, int]:
    """Let go of segments that were replaced; their files go as unowned ones do."""
    old = EventSegment.objects.filter(replaced_at__lt=at - READERS_END_WITHIN)
    count = old.count() if dry_run else old.delete()[0]
    return {"replaced segments": count}
