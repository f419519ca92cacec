"""A job as it is told, with what must be looked up for that."""

from collections.abc import Mapping

from django.http import QueryDict

from tasks import lookup, waits
from tasks.dialects.jobs import query, wire
from tasks.dialects.jobs.wire import Json
from tasks.models import Job
from tasks.states import JobState

EVENTS = ("after", "limit")


def is_plain(job: Job) -> bool:
    """Tell whether `tell` asks nothing of the database, as of a job that runs."""
    return job.state != JobState.SUCCEEDED and not waits.may_wait(job)


def tell(job: Job) -> Json:
    result = lookup.results_of([job]).get(job.pk)
    return wire.job(job, wait=waits.find(job), result=result)


def events(job: Job, fields: QueryDict, headers: Mapping[str, str]) -> Json:
    """Return the page of a job's events that is asked for.

    Raises:
        BadParameter: of tasks.dialects.jobs.query.
    """
    query.check(fields, known=EVENTS)
    page = lookup.list_events(
        job_id=job.pk,
        after=query.read_after_event(fields, headers),
        limit=query.read_limit(fields),
    )
    return {"events": [wire.event(one) for one in page.rows], "next": page.last}
