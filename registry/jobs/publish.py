"""Appending a revision's new rows to the stream that its table is shared by."""

from collections.abc import Iterator
from contextlib import suppress

import polars as pl
from django.db.models import QuerySet

from exports import appending
from exports.appending import AppendedBefore
from exports.event_log import read_log
from exports.events import Written, known_ids, write_rows
from exports.jobs.followed import Steps, followed
from exports.models import EventStream
from registry.jobs.compare import opened_csv
from registry.models import Output, Revision
from tasks.archive.store import Stored
from tasks.archive.stored import store
from tasks.engine.run import Effect, Run


def publish_revision(run: Run) -> Steps:
    """Append what the stream has not got yet; the same revision never twice."""
    stream = EventStream.objects.filter(pk=run.params["stream"]).first()
    revisions = Revision.objects.select_related("dataset")
    revision = revisions.filter(pk=run.params["revision"]).first()
    output = _table(stream, revision) if stream and revision else None
    if not (stream and revision and output):
        run.note("the revision, or its table, is not here any more")
        return None
    if stream.batches.filter(origin=revision.flow_id).exists():
        return None
    with opened_csv(run, output.artifact.digest) as (_, frames):
        known = known_ids(read_log(stream.pk), store())
        with store().writer(fence=f"{run.job.pk}-{run.lease.fence}") as out:
            work = write_rows(
                _rows(frames),
                out,
                stream=stream.name,
                known=known,
                time_key=stream.time_key,
            )
            written = yield from followed(run, work, total=output.artifact.rows)
            stored = out.commit()
    run.note(f"{written.rows} rows are new")
    return _effect(run, stream, revision, written, stored) if written.rows else None


def _table(stream: EventStream, revision: Revision) -> Output | None:
    resource = stream.name.partition("#")[2]
    outputs: QuerySet[Output] = revision.outputs.select_related("artifact")
    made = outputs.filter(pipeline__pipeline_id=f"{revision.flow_id}/{resource}_csv")
    return made.first()


def _rows(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Let empty cells be none: a file of ours cannot tell one from the other."""
    for frame in frames:
        yield frame.with_columns(pl.all().replace("", None))


def _effect(
    run: Run, stream: EventStream, revision: Revision, written: Written, stored: Stored
) -> Effect:
    def effect() -> None:
        with suppress(AppendedBefore):
            appending.append_segment(
                stream=stream,
                written=written,
                stored=stored,
                origin=revision.flow_id,
                job=run.job,
            )

    return effect
