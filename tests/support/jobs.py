"""Jobs in any state, for tests that need one there."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tasks import services
from tasks.engine import clock
from tasks.engine.claim import claim
from tasks.engine.run import Run
from tasks.models import Client, Job
from tasks.states import FINAL, JobState

FOREVER = float("inf")
NO_JOB = UUID(int=0)


def a_client(name: str = "alice") -> Client:
    return Client.objects.get_or_create(name=name)[0]


def a_job(kind: str = "test.steps", *, lane: str = "lane", **fields: Any) -> Job:
    """Queue a job; `fields` are set on its row as they are."""
    serial = fields.pop("serial", False)
    params = fields.pop("params", {"steps": 2})
    job = services.enqueue(
        kind, client=a_client(), params=params, lane=lane, serial=serial
    )
    return put(job, **fields)


def put(job: Job, **fields: Any) -> Job:
    """Set fields of a job's row behind the engine's back."""
    if fields:
        Job.objects.filter(pk=job.pk).update(**fields)
    job.refresh_from_db()
    return job


def a_job_in(state: JobState, **fields: Any) -> Job:
    if state in FINAL:
        fields |= {"due_at": None}
    return a_job(state=state, **fields)


def claimed(job: Job | None = None) -> Job:
    """Claim the next job, which must be there (and be `job`, if given)."""
    mine = claim()
    assert mine is not None
    assert job is None or mine.pk == job.pk
    return mine


def lose(job: Job) -> Job:
    """Let a job's lease run out, as when its worker is gone."""
    return put(job, due_at=clock.now() - timedelta(seconds=1))


def make_due(job: Job) -> Job:
    return put(job, due_at=clock.now())


def run_slice(job: Job | None = None) -> Job:
    """Claim the next job and run it until it ends; return its row."""
    run = Run(claimed(job))
    run.advance(until=FOREVER)
    run.end()
    return fresh(run.job)


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)
