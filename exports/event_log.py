"""A stream's log as the plane reads it, and its rows as they are written."""

from bisect import bisect_right

from exports.asking import us_of
from exports.events import Log, SegmentRef, Sort, TailBatch
from exports.models import Batch, EventSegment, EventStream

TIME, ID = Sort.TIME.value, Sort.ID.value


def read_log(stream_id: int) -> Log:
    """Return a stream as it is now; nothing up to its head is missing.

    In this order: what is compacted meanwhile is then seen twice, not never.
    """
    head = EventStream.objects.values_list("head", flat=True).get(pk=stream_id)
    tail = [tail_of(one) for one in Batch.objects.filter(stream_id=stream_id).tail()]
    rows = EventSegment.objects.filter(stream_id=stream_id).current()
    segments = tuple(map(ref_of, rows.with_files()))
    left = tuple(one for one in tail if not _is_in(segments, one))
    return Log(segments=segments, tail=left, head=head)


def _is_in(segments: tuple[SegmentRef, ...], batch: TailBatch) -> bool:
    """Tell whether one of the segments, in their order, has a batch's events."""
    before = bisect_right(segments, batch.first_seq, key=lambda one: one.first_seq)
    return before > 0 and segments[before - 1].last_seq >= batch.first_seq


def tail_of(batch: Batch) -> TailBatch:
    return TailBatch(
        first_seq=batch.first_seq,
        rows=batch.rows,
        inserted_us=us_of(batch.inserted_at),
        payload=bytes(batch.payload),
    )


def ref_of(segment: EventSegment) -> SegmentRef:
    views = {TIME: segment.time_view, ID: segment.id_view}
    return SegmentRef(
        first_seq=segment.first_seq,
        rows=segment.rows,
        min_time=segment.min_time,
        max_time=segment.max_time,
        min_inserted=segment.min_inserted,
        max_inserted=segment.max_inserted,
        data=segment.data.digest,
        views={sort: view.digest for sort, view in views.items() if view},
    )
