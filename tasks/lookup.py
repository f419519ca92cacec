"""A client's jobs and their events: found and listed."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from tasks.errors import EntrepotError
from tasks.models import Client, Job, JobEvent
from tasks.states import JobState

JOB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# They can be large, and nobody is shown them.
UNREAD = ("params", "cursor")


class NoSuchJob(EntrepotError):
    """There is no such job, or it is another client's."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs a list is of; what is empty excludes none."""

    states: Collection[JobState] = ()
    kind: str | None = None
    since: datetime | None = None  # queued then or later
    until: datetime | None = None  # queued before then


@dataclass(frozen=True, slots=True)
class Place:
    """A job's place in a list."""

    queued_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class JobPage:
    rows: list[Job]
    last: Place | None  # None: no page follows


@dataclass(frozen=True, slots=True)
class EventPage:
    rows: list[JobEvent]
    last: int | None  # None: no page follows


def find_job(*, client: Client, job_id: str) -> Job:
    """Return a client's job, its params and cursor unread.

    Raises:
        NoSuchJob: unknown, or another's.
    """
    theirs = Job.objects.for_client(client).defer(*UNREAD)
    is_id = JOB_ID.fullmatch(job_id) is not None
    job = theirs.filter(pk=UUID(job_id)).first() if is_id else None
    if job is None:
        raise NoSuchJob
    return job


def list_jobs(
    *, client: Client, wanted: Wanted, after: Place | None, limit: int
) -> JobPage:
    """Return a page of a client's jobs, newest first.

    A job that is retried is queued anew, and comes first again.
    """
    jobs = _filtered(Job.objects.for_client(client), wanted)
    if after:
        # Said twice, so that the index is entered at the page's first row.
        jobs = jobs.filter(queued_at__lte=after.queued_at).filter(
            Q(queued_at__lt=after.queued_at) | Q(id__lt=after.id)
        )
    found = jobs.defer(*UNREAD).order_by("-queued_at", "-id")[: limit + 1]
    rows = list(found)
    more, rows = len(rows) > limit, rows[:limit]
    return JobPage(rows, Place(rows[-1].queued_at, rows[-1].pk) if more else None)


def _filtered(jobs: QuerySet[Job], wanted: Wanted) -> QuerySet[Job]:
    if wanted.states:
        jobs = jobs.filter(state__in=wanted.states)
    if wanted.kind is not None:
        jobs = jobs.filter(kind=wanted.kind)
    if wanted.since:
        jobs = jobs.filter(queued_at__gte=wanted.since)
    if wanted.until:
        jobs = jobs.filter(queued_at__lt=wanted.until)
    return jobs


def list_events(*, job_id: UUID, after: int, limit: int) -> EventPage:
    """Return a job's events with an id above `after`, oldest first.

    A job's events are added under its row's lock: their ids come in order.
    """
    events = JobEvent.objects.filter(job_id=job_id, id__gt=after).order_by("id")
    rows = list(events[: limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    return EventPage(rows, rows[-1].pk if more else None)


def results_of(jobs: Sequence[Job]) -> dict[UUID, str]:
    """Return where the results of these jobs are, by the jobs' ids, where known."""
    found: dict[UUID, str] = {}
    done = [job for job in jobs if job.state == JobState.SUCCEEDED]
    for kind in {job.kind for job in done} & settings.JOB_LINKS.keys():
        links = import_string(settings.JOB_LINKS[kind])
        found |= links([job.pk for job in done if job.kind == kind])
    return found
