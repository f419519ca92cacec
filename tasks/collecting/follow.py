"""What happens to a task when one of its jobs moves."""

from uuid import UUID

from tasks.collecting import phases
from tasks.engine import clock
from tasks.models import Job, Phase
from tasks.models.task import ENDED
from tasks.states import JobState


def collect_moved(job: Job) -> None:
    _follow(job, while_open=Phase.DOWNLOADING, field="collect_job")


def process_moved(job: Job) -> None:
    _follow(job, while_open=Phase.PROCESSING, field="process_job")


def _follow(job: Job, *, while_open: Phase, field: str) -> None:
    """Carry a failure or a cancel over to the task, and a retry back.

    What a job does for its task as it succeeds is its handler's.
    """
    task_id, mine = UUID(job.params["task"]), {field: job.pk}
    if job.state == JobState.QUEUED:
        task = phases.lock(task_id, phase__in=ENDED - {Phase.COMPLETED}, **mine)
        if task:
            phases.move(task, while_open, at=clock.now(), message="")
    elif job.state in {JobState.FAILED, JobState.CANCELLED}:
        task = phases.lock(task_id, phase=while_open, **mine)
        if task and job.state == JobState.FAILED:
            phases.fail(task, job.error, at=clock.now())
        elif task:
            message = "The work on this task was cancelled."
            phases.fail(task, message, at=clock.now(), to=Phase.CANCELLED)
