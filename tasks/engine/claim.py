"""Taking the next job: lanes take turns, jobs in a lane come in order."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from tasks.engine import clock, identity
from tasks.engine.moves import EventKind, change, fail, move, note
from tasks.errors import FollowerFailed, JobMoved
from tasks.models import Job, Lane, has_due_job
from tasks.states import JobState

LEASE = timedelta(seconds=10)
# Above this many doomed jobs at the head, a claim gives the worker back to the bell.
MOST_LOOKS = 20
log = logging.getLogger(__name__)


def claim() -> Job | None:
    """Lease the next job to this process; None when no job is due."""
    for _ in range(MOST_LOOKS):
        try:
            job = _take_or_end()
        except JobMoved:
            continue
        except FollowerFailed as error:
            _postpone(error.job_id)
            continue
        if job is None or job.state == JobState.INPROGRESS:
            return job
    return None


def anyone_waits(*, besides: str = "") -> bool:
    """Tell whether a lane, but for one, has a job that a worker could take now."""
    at = clock.now()
    return Lane.objects.exclude(pk=besides).filter(has_due_job(at=at)).exists()


@transaction.atomic
def _take_or_end() -> Job | None:
    """Claim the first due job, or end it if it must not run; None if there is none."""
    at = clock.now()
    lane = _next_lane(at)
    if lane is None:
        return None
    job = _first_job(lane, at)
    Lane.objects.filter(pk=lane.pk).update(served_at=at)
    if job is None:
        raise JobMoved(f"{lane} was emptied by others")
    return _end(job, at) or _lease(job, at)


def _next_lane(at: datetime) -> Lane | None:
    lanes = Lane.objects.filter(has_due_job(at=at)).order_by("served_at", "key")
    if connection.vendor != "postgresql":
        return lanes.first()
    # First a lane that no other worker is choosing from; then wait for our turn.
    lane = _locked(lanes, skip=True) or _locked(lanes, skip=False)
    # What made it eligible was read before it was ours: read it once more.
    if lane and not lanes.filter(pk=lane.pk).exists():
        raise JobMoved(f"{lane} was served by others")
    return lane


def _locked(lanes: QuerySet[Lane], *, skip: bool) -> Lane | None:
    # Not against FOR KEY SHARE: who adds a job to the lane need not wait for us,
    # nor we for what they hold meanwhile.
    locked = lanes.select_for_update(skip_locked=skip, of=("self",), no_key=True)
    return locked.first()


def _first_job(lane: Lane, at: datetime) -> Job | None:
    """Return the first due job; in a serial lane, one in progress before all others.

    A job saved by a transaction that took long may come later but be older.
    """
    due = Job.objects.filter(lane=lane).due(at=at)
    begun = due.filter(serial=True, state=JobState.INPROGRESS)
    return begun.first() or due.in_order().first()


@transaction.atomic
def _postpone(job_id: UUID) -> None:
    """Let others go before a job that cannot move for now, while its error is told."""
    job = Job.objects.get(pk=job_id)
    log.exception("job cannot move", extra=job.line)
    at = clock.now()
    due = Job.objects.filter(pk=job_id).due(at=at)
    Lane.objects.filter(pk__in=due.values("lane")).update(served_at=at)
    due.update(due_at=at + LEASE)


def _end(job: Job, at: datetime) -> Job | None:
    """End a job that was cancelled, is too late, or loses every worker."""
    if job.cancel_requested_at:
        return move(job, JobState.CANCELLED)
    if job.deadline_at and job.deadline_at < at:
        return fail(job, code="deadline", message="The job was not done in time.")
    if _was_lost(job) and job.attempt >= job.max_attempts:
        message = f"{job.attempt} workers in a row were lost while running this job."
        return fail(job, code="worker_lost", message=message)
    return None


def _was_lost(job: Job) -> bool:
    return job.state == JobState.INPROGRESS and bool(job.lease_owner)


def _lease(job: Job, at: datetime) -> Job:
    lost, before, state = _was_lost(job), job.lease_owner, job.state
    lease = {
        "fence": job.fence + 1,
        "lease_owner": identity.owner(),
        "due_at": at + LEASE,
        "started_at": job.started_at or at,
    }
    data = {"worker": lease["lease_owner"], "fence": lease["fence"]}
    if state == JobState.QUEUED:
        return move(
            job,
            JobState.INPROGRESS,
            kind=EventKind.CLAIMED,
            data=data,
            attempt=1,
            **lease,
        )
    # A line is added only under the row's lock: who reads a job's lines by their ids
    # must never be shown an earlier one after a later one.
    change(job, attempt=job.attempt + lost, **lease)
    if lost:
        note(job, EventKind.LEASE_LOST, worker=before)
    note(job, EventKind.CLAIMED, **data)
    return job
