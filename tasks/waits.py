"""Why a job is not running, as far as its row and its lane can tell."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q, QuerySet

from tasks.engine import clock
from tasks.models import Job
from tasks.states import JobState

MOST_AHEAD = 1000


class For(StrEnum):
    RETRY = "retry"  # the time of its next try, after a temporary error
    TIME = "time"  # a time before which nobody takes it
    LANE = "lane"  # others of its lane
    WORKER = "worker"  # a free one


@dataclass(frozen=True, slots=True)
class Wait:
    cause: For
    until: datetime | None = None  # for a retry, or a time
    ahead: int = 0  # how many of its lane come first; MOST_AHEAD means or more
    in_turn: bool = False  # the lane's jobs run one after the other


def may_wait(job: Job) -> bool:
    """Tell whether `find` can find anything, without a query."""
    parked = job.state == JobState.INPROGRESS and not job.lease_owner
    return parked or job.state == JobState.QUEUED


def find(job: Job) -> Wait | None:
    """Return what an open job waits for; None while it runs, or has ended."""
    if not may_wait(job) or job.due_at is None:
        return None
    at = clock.now()
    if job.due_at > at:
        return Wait(For.RETRY if job.retries else For.TIME, until=job.due_at)
    ahead = _ahead(job, at)[:MOST_AHEAD].count()
    if ahead:
        return Wait(For.LANE, ahead=ahead, in_turn=job.serial)
    return Wait(For.WORKER)


def _ahead(job: Job, at: datetime) -> QuerySet[Job]:
    """Match what a worker would take from the lane before this job."""
    others = Job.objects.filter(lane=job.lane_id, due_at__isnull=False)
    earlier = Q(queued_at__lt=job.queued_at) | Q(queued_at=job.queued_at, id__lt=job.pk)
    if job.state == JobState.INPROGRESS:
        return others.none() if job.serial else others.filter(earlier, due_at__lte=at)
    first = earlier & Q(due_at__lte=at, state=JobState.QUEUED)
    if job.serial:
        # Whatever has begun, or waits for its next try, holds all of the others up.
        first |= Q(serial=True, state=JobState.INPROGRESS)
        first |= Q(serial=True, due_at__gt=at)
    return others.filter(first).exclude(pk=job.pk)
