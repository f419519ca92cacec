"""The only way a job changes its state."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.module_loading import import_string

from tasks.engine import clock, news
from tasks.engine.storable import fit, storable
from tasks.errors import FollowerFailed, JobMoved
from tasks.models import Job, JobEvent
from tasks.states import FINAL, MOVES, JobState

EventKind = JobEvent.Kind
Follower = Callable[[Job], None]


@cache
def follower(kind: str) -> Follower | None:
    path = settings.JOB_FOLLOWERS.get(kind)
    return import_string(path) if path else None


def note(job: Job, kind: EventKind, /, **data: Any) -> None:
    """Add a line to the job's log; call inside the transaction it reports on."""
    JobEvent.objects.create(
        job_id=job.pk, rev=job.rev, at=clock.now(), kind=kind, data=storable(data)
    )


@transaction.atomic
def move(
    job: Job,
    to: JobState,
    *,
    kind: EventKind = EventKind.MOVED,
    data: dict[str, Any] | None = None,
    **changes: Any,
) -> Job:
    """Move a job, if it still is in the state and under the fence we last saw.

    The follower of its kind is told in the same transaction.

    Raises:
        JobMoved: somebody else moved it first, or the move is not in MOVES.
        FollowerFailed: the follower raised, so the job has not moved.
    """
    seen = JobState(job.state)
    if to not in MOVES[seen]:
        raise JobMoved(f"{job} cannot go from {seen} to {to}")
    if to in FINAL:
        changes |= {"due_at": None, "finished_at": clock.now(), "lease_owner": ""}
    change(job, state=to, **changes)
    note(job, kind, **(data or {"from": seen, "to": to}))
    if follow := follower(job.kind):
        _tell(follow, job)
    return job


def _tell(follow: Follower, job: Job) -> None:
    try:
        follow(job)
    except Exception as error:
        raise FollowerFailed(job.pk) from error


def change(job: Job, **changes: Any) -> None:
    """Write to the job's row under its state and fence, read it back, and tell."""
    same = Job.objects.filter(pk=job.pk, state=job.state, fence=job.fence)
    if not same.update(rev=F("rev") + 1, **changes):
        raise JobMoved(f"{job} is no longer {job.state} under fence {job.fence}")
    job.refresh_from_db(from_queryset=news.telling(Job.objects.all()))


def requeue(job: Job, *, wait_s: float, data: dict[str, Any]) -> Job:
    """Give a job back after a temporary error, to be tried again in `wait_s`."""
    return move(
        job,
        JobState.QUEUED,
        kind=EventKind.RETRY,
        data={**data, "wait_s": round(wait_s, 2)},
        retries=job.retries + 1,
        due_at=clock.now() + timedelta(seconds=wait_s),
        lease_owner="",
    )


def fail(job: Job, *, code: str, message: str, **data: Any) -> Job:
    return move(
        job,
        JobState.FAILED,
        kind=EventKind.ERROR,
        data={"code": code, "message": message, **data},
        error_code=code,
        error=fit(message),
    )
