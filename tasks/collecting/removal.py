"""Removing tasks: rows at once, files when the rows are gone, work within a second."""

from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from tasks import services
from tasks.collecting import files, phases
from tasks.errors import JobMoved
from tasks.models import Artifact, Job, Task
from tasks.states import FINAL

BATCH = 500


def remove(task: Task) -> None:
    """Stop who works for a task, and delete it with all that is its own.

    Work that goes on for a moment finds no task any more and ends by itself.
    """
    _cancel(_open_jobs(task))
    # Others may have given it a new job meanwhile.
    _cancel(_delete(task))


def drop_result(task: Task) -> None:
    """Delete a locked task's result; its files once the transaction has committed."""
    _drop(Artifact.objects.filter(Q(tasks=task) | Q(pages__task=task)))
    phases.change(task, result=None, result_type="")


@transaction.atomic
def _delete(task: Task) -> list[Job]:
    """Delete the rows of a task, and return its jobs that have not ended."""
    held = phases.lock(task.pk)
    if held is None:  # somebody else was first
        return []
    open_jobs = _open_jobs(held)
    own = Q(tasks=held) | Q(pages__task=held) | Q(assets__task=held)
    _drop(Artifact.objects.filter(own))
    held.delete()
    return open_jobs


def _open_jobs(task: Task) -> list[Job]:
    jobs = Job.objects.filter(pk__in={task.collect_job_id, task.process_job_id})
    return list(jobs.exclude(state__in=FINAL))


def _cancel(jobs: list[Job]) -> None:
    for job in jobs:
        with suppress(JobMoved):  # it has ended meanwhile
            services.cancel(job)


def _drop(artifacts: QuerySet[Artifact]) -> None:
    rows = list(artifacts.distinct().values_list("pk", "digest", "created_at"))
    for at in range(0, len(rows), BATCH):
        Artifact.objects.filter(
            pk__in=[pk for pk, *_ in rows[at : at + BATCH]]
        ).delete()
    stored: list[tuple[str, datetime]] = sorted(
        (digest, created_at) for _, digest, created_at in rows
    )
    # Of equal files the latest time counts.
    transaction.on_commit(lambda: files.forget(stored), robust=True)
