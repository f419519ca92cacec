"""Tidying a stream, so that its pages are assembled and not computed."""

from collections.abc import Generator
from functools import partial

from django.utils import timezone

from exports import compacting
from exports.compacting import Chosen, NewSegment, Views
from exports.event_log import ref_of
from exports.events import SegmentRef, Sort, build_view, compact
from exports.jobs.followed import Steps, followed
from exports.models import EventSegment, EventStream
from tasks.archive.stored import store
from tasks.archive.upload import StoreWriter
from tasks.engine.run import Run, Step


def run_compact(run: Run) -> Steps:
    """File what was appended, then build what pages are assembled from.

    Whatever is done shows at once; a later try goes on with what is left.
    """
    stream = EventStream.objects.filter(pk=run.params["stream"]).first()
    if stream is None:
        return None
    while chosen := compacting.choose(stream):
        yield from _compact(run, stream, chosen)
    for segment in compacting.without_views(stream):
        yield from _show(run, segment)
    return None


def _compact(
    run: Run, stream: EventStream, chosen: Chosen
) -> Generator[Step, None, None]:
    with _writer(run) as out:
        work = compact(chosen.segments, chosen.tail, store(), out)
        made = yield from followed(run, work, total=chosen.rows)
        stored = out.commit()
    ref = made.ref(stored.digest)
    views = yield from _views(run, ref)
    run.note(f"filed {len(chosen.chunks)} chunks, {chosen.rows} events")
    segment = NewSegment(ref, stored, views)
    shown = partial(compacting.replace, stream, chosen, segment, job=run.job)
    yield run.step(apply=partial(shown, at=timezone.now()))


def _show(run: Run, segment: EventSegment) -> Generator[Step, None, None]:
    views = yield from _views(run, ref_of(segment))
    yield run.step(apply=partial(compacting.show_views, segment, views, job=run.job))


def _views(run: Run, ref: SegmentRef) -> Generator[Step, None, Views]:
    """Build what both orders are assembled from: one file, where they are the same."""
    views: Views = {}
    for sort in Sort:
        if sort in views:
            continue
        with _writer(run) as out:
            work = build_view(ref, sort, store(), out)
            view = yield from followed(run, work, total=ref.rows)
            stored = out.commit()
        views |= dict.fromkeys(map(Sort, view.sorts), stored)
    return views


def _writer(run: Run) -> StoreWriter:
    return store().writer(fence=f"{run.job.pk}-{run.lease.fence}")
