"""The moves of a task between its phases, each on a row that the caller has locked.

CREATED ─► DOWNLOADING ◄─► WAITING ─► PROCESSING ─► COMPLETED

From all but COMPLETED it may go to FAILED or CANCELLED, and come back when staff
retry. A task is DOWNLOADING for exactly as long as its collect job is open, and
PROCESSING for as long as its process job is.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from tasks import services
from tasks.engine.storable import fit
from tasks.models import Asset, AssetState, Job, Phase, Task
from tasks.models.task import ENDED

COLLECT = "tasks.collect"
PROCESS = "tasks.process"
MOST_NAMED = 10
UNSETTLED = (AssetState.WAITING, AssetState.DOWNLOADING)


def lock(task_id: UUID, **still: Any) -> Task | None:
    """Hold a task until the commit, if it still is so; None if it is not.

    Whoever holds a job's row may take this lock, but never the other way round.
    """
    tasks = Task.objects.select_for_update(no_key=True).select_related(None)
    return tasks.filter(pk=task_id, **still).first()


def move(task: Task, to: Phase, *, at: datetime, **changes: Any) -> None:
    """Write a phase and what goes with it."""
    task.phase = to
    changes["waiting_since"] = at if to is Phase.WAITING else None
    changes["completed_at"] = at if to in ENDED else None
    changes["expires_at"] = at + timedelta(hours=settings.TASK_KEEP_HOURS)
    change(task, phase=to, **changes)


def change(task: Task, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(task, name, value)
    task.save(update_fields=list(changes))


def download(task: Task, *, at: datetime, internal: bool = False) -> None:
    """Queue the job that fetches what waits.

    Raises:
        TooManyJobs, Overloaded: of tasks.services.enqueue, unless it is internal.
    """
    job = _enqueue(COLLECT, task, internal=internal)
    move(task, Phase.DOWNLOADING, at=at, collect_job=job, message="")


def settle(task: Task, *, at: datetime) -> None:
    """Go on after the downloads: fetch what came meanwhile, wait, or process."""
    if task.assets.filter(state__in=UNSETTLED).exists():
        download(task, at=at, internal=True)
    elif task.all_sent:
        process(task, at=at)
    else:
        move(task, Phase.WAITING, at=at)


def process(task: Task, *, at: datetime) -> None:
    """Queue the job that makes the result, unless there is nothing to make it of."""
    if task.announced and not task.downloaded:
        none = f"None of {task.announced} assets could be downloaded"
        fail(task, f"{none}: {failures_of(task)}", at=at)
        return
    job = _enqueue(PROCESS, task, internal=True)
    move(task, Phase.PROCESSING, at=at, process_job=job, message="")


def fail(task: Task, message: str, *, at: datetime, to: Phase = Phase.FAILED) -> None:
    """End a task without a result; what was under way waits once more."""
    task.assets.filter(state=AssetState.DOWNLOADING).update(state=AssetState.WAITING)
    move(task, to, at=at, message=fit(message))


def failures_of(task: Task) -> str:
    """Say which assets failed and why, the first of many; empty if none did."""
    failed = Asset.objects.filter(task=task, state=AssetState.FAILED)
    rows = failed.order_by("number").values_list("name", "error")
    told = [f"{name}: {error}" for name, error in rows[:MOST_NAMED]]
    if task.failed > len(told):
        told.append(f"and {task.failed - len(told)} more")
    return "; ".join(told)


def requeue(task: Task, assets: Collection[int]) -> int:
    """Let failed assets wait for another attempt; return how many did."""
    failed = Asset.objects.filter(
        task=task, pk__in=assets, state=AssetState.FAILED
    ).update(state=AssetState.WAITING, attempts=0, error_code="", error="")
    if failed:
        change(task, failed=task.failed - failed)
    return failed


def _enqueue(kind: str, task: Task, *, internal: bool) -> Job:
    return services.enqueue(
        kind,
        client=task.client,
        params={"task": str(task.pk)},
        lane=f"task:{task.client_id}",
        internal=internal,
    )
