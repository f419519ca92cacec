"""Tasks whose clients are quiet: processed after some seconds, at last removed."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from tasks.collecting import phases, removal
from tasks.models import Phase, Task

BATCH = 100


def start_idle(*, at: datetime) -> None:
    """Process the tasks that have waited for TASK_IDLE_SECONDS.

    Contract 004, decision 4. Several supervisors do this at once: each task is
    started by one.
    """
    since = at - timedelta(seconds=settings.TASK_IDLE_SECONDS)
    idle = Task.objects.filter(phase=Phase.WAITING, waiting_since__lte=since)
    for task_id in idle.order_by("waiting_since").values_list("pk", flat=True)[:BATCH]:
        _start(task_id, since, at)


@transaction.atomic
def _start(task_id: UUID, since: datetime, at: datetime) -> None:
    task = phases.lock(task_id, phase=Phase.WAITING, waiting_since__lte=since)
    if task:
        phases.process(task, at=at)


def prune(*, at: datetime, dry_run: bool = False) -> dict[str, int]:
    """Remove the tasks that were to be kept until now, ended or left lying."""
    expired = Task.objects.filter(expires_at__lt=at)
    if dry_run:
        return {"tasks": expired.count()}
    removed = 0
    while tasks := list(expired[:BATCH]):
        for task in tasks:
            removal.remove(task)
        removed += len(tasks)
    return {"tasks": removed}
