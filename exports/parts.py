"""An export whose work is shared: its parts, the jobs that make them, their sum.

The export's own job naps meanwhile and holds no worker. It goes on when the last part
has ended, or the first has failed: who ends a part wakes it, and so does the sweep.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from exports.models import ExportPart, ExportTask
from tasks import segments, services
from tasks.archive.store import Stored
from tasks.engine.moves import change
from tasks.errors import JobMoved, WorkFailed
from tasks.models import Job
from tasks.states import FINAL, OPEN, JobState

JOB_KIND = "exports.part"
Stage = ExportPart.Stage
HALF = 1000  # of an export's progress, which a stage of parts is
# Of the numbers of the export's segments, those of one part.
PART_SEGMENTS = 1_000_000
STAGES = list(Stage)
MOST_PARTS = 100


def parts_of(task: ExportTask, stage: Stage) -> list[ExportPart]:
    parts = ExportPart.objects.filter(task=task, stage=stage).select_related("job")
    return list(parts.order_by("number"))


def make(task: ExportTask, stage: Stage, specs: Sequence[dict[str, Any]]) -> None:
    """Queue the parts of a stage; call in the transaction that saves a step.

    All parts of one client wait in one lane, so that it gets no more turns by them.
    """
    for number, spec in enumerate(specs):
        part = ExportPart(task=task, stage=stage, number=number, spec=spec)
        part.job = services.enqueue(
            JOB_KIND,
            client=task.client,
            params={"task": task.pk, "stage": stage, "number": number},
            lane=f"export-part:{task.client_id}",
            internal=True,
        )
        part.save(force_insert=True)


def finish(part: ExportPart, outcome: dict[str, Any]) -> None:
    """Give a part's segments to its export; call in the transaction of its success.

    Raises:
        WorkFailed: the export has ended meanwhile.
    """
    unfinished = ExportPart.objects.filter(pk=part.pk, result__isnull=True)
    if not unfinished.update(result=outcome):
        raise part_gone()
    segments.hand_over(part.job, to=part.task.job_id, after=first_segment(part))


def part_gone() -> WorkFailed:
    return WorkFailed("part_gone", "The export that this is a part of has ended.")


def first_segment(part: ExportPart) -> int:
    """Return the number from which on an export's segments are this part's."""
    stage = STAGES.index(Stage(part.stage))
    return (stage * MOST_PARTS + part.number + 1) * PART_SEGMENTS


def segments_of(part: ExportPart) -> list[Stored]:
    first = first_segment(part)
    return segments.kept_between(part.task.job_id, first, first + PART_SEGMENTS)


def end(task: ExportTask) -> None:
    """Have nobody work for an export that has ended; call in the transaction.

    The parts' rows go, so that a part that is just being finished is not.
    """
    for job in Job.objects.filter(part__task=task, state__in=OPEN):
        with suppress(JobMoved):
            services.cancel(job)
    ExportPart.objects.filter(task=task).delete()


def part_moved(job: Job) -> None:
    """Let go of what a part has not handed over, and tell its export."""
    if job.state in FINAL:
        segments.drop(job)
        # Not here: who cancels the export holds its row and waits for ours.
        transaction.on_commit(partial(tell, job.pk))


def tell(part_job: UUID) -> None:
    part = ExportPart.objects.filter(job=part_job).select_related("task").first()
    if part and is_due(part.task):
        services.wake(part.task.job_id)


def is_due(task: ExportTask) -> bool:
    """Tell whether there is nothing to wait for any more."""
    parts = ExportPart.objects.filter(task=task)
    if parts.filter(job__state__in=(JobState.FAILED, JobState.CANCELLED)).exists():
        return True
    return not parts.filter(job__state__in=OPEN).exists()


def sweep(*, at: datetime) -> None:
    """Add up how far the parts are, and wake who was not told of the end."""
    for task in asleep(at):
        if is_due(task):
            services.wake(task.job_id)
            continue
        told = progress(task)
        if any(getattr(task.job, name) != value for name, value in told.items()):
            with suppress(JobMoved), transaction.atomic():
                change(task.job, **told)


def asleep(at: datetime) -> QuerySet[ExportTask]:
    jobs = Job.objects.filter(due_at__gt=at, state=JobState.INPROGRESS, lease_owner="")
    return ExportTask.objects.filter(job__in=jobs, parts__isnull=False).distinct()


def progress(task: ExportTask) -> dict[str, Any]:
    """Return what the parts of the last stage have done together.

    A stage is half of an export, whose numbers never go back.
    """
    parts = ExportPart.objects.filter(task=task)
    stage = Stage.WRITE if parts.filter(stage=Stage.WRITE).exists() else Stage.FETCH
    jobs = [part.job for part in parts_of(task, stage)]
    share = sum(share_of(job) for job in jobs) / len(jobs)
    done = HALF * STAGES.index(stage) + int(HALF * share)
    return {
        "done": max(done, task.job.done),
        "total": 2 * HALF,
        "rows": sum(job.rows for job in jobs),
        "size_bytes": sum(job.size_bytes for job in jobs),
    }


def share_of(job: Job) -> float:
    if job.state == JobState.SUCCEEDED:
        return 1.0
    return min(job.done / job.total, 1.0) if job.total else 0.0
