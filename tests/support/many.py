"""A busy service's rows by the hundred thousand, as the last thirty days left them."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import models

from registry.models import Dataset, Pipeline, Revision
from tasks.engine import clock, identity
from tasks.models import Artifact, Client, Job, Lane, WorkerHost
from tasks.states import JobState

KINDS = (
    *("registry.pipeline", "exports.export", "exports.delivery"),
    *("tasks.collect", "tasks.process", "registry.event"),
)
BATCH = 5_000
DAYS = 30
RUNNING, WAITING = 12, 300


def fill(jobs: int, *, seed: int = 7) -> None:
    """Make so many jobs, a tenth of the artifacts, and what stands around them."""
    chance, at = random.Random(seed), clock.now()
    clients = Client.objects.bulk_create(
        Client(name=f"client-{number}") for number in range(40)
    )
    Lane.objects.bulk_create(Lane(key=f"lane-{one.pk}") for one in clients)
    _save(Job, (_job(number, jobs, clients, chance, at) for number in range(jobs)))
    _save(Artifact, (_artifact(number, chance, at) for number in range(jobs // 10)))
    _revisions(clients, chance, at)
    WorkerHost.objects.create(
        owner=identity.owner(),
        workers=16,
        started_at=at - timedelta(hours=30),
        seen_at=at + timedelta(hours=1),
    )


def _save(model: type[models.Model], rows: Iterator[Any]) -> None:
    model._default_manager.bulk_create(rows, batch_size=BATCH)


def _job(
    number: int, jobs: int, clients: list[Client], chance: random.Random, at: datetime
) -> Job:
    # Some clients are busier than others, and days busier than nights.
    client = clients[int(len(clients) * chance.random() ** 3)]
    job = Job(kind=chance.choice(KINDS), client=client, lane_id=f"lane-{client.pk}")
    job.params, job.size_bytes = {"number": number}, chance.randrange(10**7)
    left = jobs - number
    if left <= RUNNING:
        return _running(job, chance, at)
    if left <= RUNNING + WAITING:
        job.queued_at = job.due_at = at - timedelta(seconds=chance.randrange(90))
        return job
    return _ended(job, chance, at - timedelta(days=DAYS * chance.random() ** 1.3))


def _running(job: Job, chance: random.Random, at: datetime) -> Job:
    job.state, job.lease_owner = JobState.INPROGRESS, identity.owner()
    job.queued_at = at - timedelta(seconds=90)
    job.started_at = at - timedelta(seconds=chance.randrange(80))
    job.due_at = at + timedelta(hours=1)
    job.done, job.total = chance.randrange(100), 100
    return job


def _ended(job: Job, chance: random.Random, ended_at: datetime) -> Job:
    states = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
    [job.state] = chance.choices(states, weights=(95, 4, 1))
    job.due_at = None
    job.finished_at = ended_at
    job.started_at = ended_at - timedelta(seconds=chance.expovariate(1 / 20))
    job.queued_at = job.started_at - timedelta(seconds=chance.expovariate(1 / 2))
    if job.state == JobState.FAILED:
        job.error_code = chance.choice(("http_404", "timeout", "bad_table"))
        job.error = "The server said 404 Not Found for https://example.org/data.csv."
    return job


def _artifact(number: int, chance: random.Random, at: datetime) -> Artifact:
    return Artifact(
        digest=f"{chance.getrandbits(256):064x}",
        size_bytes=chance.randrange(10**7),
        name=f"table-{number}.csv",
        media_type="text/csv",
        created_at=at,
    )


def _revisions(clients: list[Client], chance: random.Random, at: datetime) -> None:
    for number, client in enumerate(clients[:12]):
        dataset = Dataset.objects.create(
            client=client,
            owner=client.name,
            name=f"prices-{number}",
            findability="published",
            period_s=3600 * (number + 1),
            scheduled_for=at + timedelta(minutes=20 * number - 5),
            newest=1,
        )
        failed = number % 3 == 0
        ended_at = at - timedelta(minutes=7 * number)
        revision = Revision.objects.create(
            dataset=dataset,
            number=1,
            spec={},
            findability="published",
            state="failed" if failed else "succeeded",
            error_log=["Row 7: 'n/a' is no number."] if failed else [],
            finished_at=ended_at,
        )
        Pipeline.objects.create(
            revision=revision,
            pipeline_id=f"{revision}/data",
            position=0,
            kind="source",
            title="Copying source data",
            state=revision.state,
            job=Job.objects.filter(state=revision.state, pipeline=None).first(),
        )
