"""The use cases of background work and of those who ask for it."""

import hashlib
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tasks import context, quota
from tasks.apikeys import make_key, read_digest
from tasks.engine import clock, doorbell
from tasks.engine.moves import EventKind, change, move, note
from tasks.errors import JobMoved, Overloaded, TooManyJobs
from tasks.models import ApiKey, Client, Identity, Job, Lane
from tasks.states import FINAL, JobState

USED_AT_MOST_EVERY = timedelta(minutes=1)
DEPTH_GOOD_FOR_S = 1.0
LONGEST_NAME = 200


@transaction.atomic
def enqueue(  # noqa: PLR0913 - a job is what it is
    kind: str,
    *,
    client: Client,
    params: dict[str, Any],
    lane: str,
    serial: bool = False,
    deadline_at: datetime | None = None,
    internal: bool = False,
    max_retries: int = 4,
) -> Job:
    """Save a job and ring for a worker once the caller's transaction commits.

    `internal` work, which follows from work already taken in, is never refused.

    Raises:
        TooManyJobs: the client has as many open jobs as it may.
        Overloaded: the service has, or its disk has less than the reserve.
    """
    if not internal:
        check_room(client)
    if not Lane.objects.filter(pk=lane).exists():
        # Only then: on PostgreSQL even this would wait for who claims from the lane.
        Lane.objects.bulk_create([Lane(key=lane)], ignore_conflicts=True)
    at = clock.now()
    job = Job.objects.create(
        kind=kind,
        client=client,
        lane_id=lane,
        serial=serial,
        params=params,
        request_id=context.known().get("request", ""),
        trace_id=context.known().get("trace", ""),
        max_retries=max_retries,
        deadline_at=deadline_at,
        due_at=at,
        queued_at=at,
    )
    doorbell.ring_after_commit()
    return job


def check_room(client: Client) -> None:
    """Raise TooManyJobs or Overloaded where work of this client is refused now."""
    most = client.max_open_jobs
    if most is None:
        most = settings.MAX_OPEN_JOBS_PER_CLIENT
    theirs = client.jobs.filter(due_at__isnull=False)[:most].count()
    quota.note(limit=most, used=theirs)
    if theirs >= most:
        raise TooManyJobs(
            f"{client} has {theirs} unfinished jobs, as many as it may have.",
            retry_after_s=_seconds_per_jobs(theirs),
        )
    depth = _depth.read()
    if depth >= settings.MAX_OPEN_JOBS:
        raise Overloaded(
            "The service has as much unfinished work as it can hold.",
            retry_after_s=_seconds_per_jobs(depth),
        )
    if free_megabytes() < settings.DISK_RESERVE_MB:
        raise Overloaded("The service's disk is nearly full.", retry_after_s=60)
    quota.note(limit=most, used=theirs + 1)


class _Depth:
    """The number of open jobs, read at most once a second by each process."""

    def __init__(self) -> None:
        self.value, self.read_at = 0, float("-inf")

    def read(self) -> int:
        if monotonic() - self.read_at > DEPTH_GOOD_FOR_S:
            open_jobs = Job.objects.filter(due_at__isnull=False)
            self.value = open_jobs[: settings.MAX_OPEN_JOBS].count()
            self.read_at = monotonic()
        return self.value


_depth = _Depth()


def _seconds_per_jobs(depth: int) -> int:
    """Estimate when there is room again: a tenth of the depth at the recent pace."""
    recent = Job.objects.filter(state=JobState.SUCCEEDED, started_at__isnull=False)
    times = recent.order_by("-finished_at").values_list("started_at", "finished_at")
    seconds = [
        (end - start).total_seconds() for start, end in times[:50] if start and end
    ]
    mean = sum(seconds) / len(seconds) if seconds else 1.0
    return max(1, min(600, round(depth / 10 * mean / max(1, settings.WORKERS))))


def free_megabytes() -> int:
    folder: Path = settings.VAR_DIR
    folder.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(folder).free >> 20


def cancel(job: Job) -> Job:
    """Ask for a job to stop: at once if nobody runs it, else within a second.

    Raises:
        JobMoved: the job is final.
    """
    while True:
        try:
            return _cancel(job)
        except JobMoved:
            job.refresh_from_db()
            if job.state in FINAL:
                raise


@transaction.atomic
def _cancel(job: Job) -> Job:
    at = clock.now()
    if not job.lease_owner:
        return move(job, JobState.CANCELLED, cancel_requested_at=at)
    if job.cancel_requested_at is None:
        change(job, cancel_requested_at=at)
        note(job, EventKind.CANCEL)
    else:
        job.refresh_from_db()
    # It may have been parked since it was first read, or its lease have run out.
    if not job.lease_owner or (job.due_at and job.due_at <= at):
        return move(job, JobState.CANCELLED)
    return job


@transaction.atomic
def retry(job: Job, *, admit: bool = False) -> Job:
    """Queue a failed or cancelled job once more, from its last cursor.

    `admit` asks for room first, as for new work.

    Raises:
        JobMoved: it is neither.
        TooManyJobs, Overloaded: of enqueue, with `admit`.
    """
    if job.state not in {JobState.FAILED, JobState.CANCELLED}:
        raise JobMoved(f"{job} is {job.state}: there is nothing to retry")
    if admit:
        check_room(job.client)
    at = clock.now()
    move(
        job,
        JobState.QUEUED,
        attempt=0,
        retries=0,
        error="",
        error_code="",
        cancel_requested_at=None,
        queued_at=at,
        due_at=at,
        started_at=None,
        finished_at=None,
        deadline_at=None,
    )
    doorbell.ring_after_commit()
    return job


@transaction.atomic
def hurry(job: Job) -> Job:
    """Let a queued job be tried now, whatever time its next try was to be.

    Raises:
        JobMoved: it is not queued.
    """
    if job.state != JobState.QUEUED:
        raise JobMoved(f"{job} is {job.state}: it waits for nothing")
    change(job, due_at=clock.now())
    doorbell.ring_after_commit()
    return job


def wake(job_id: UUID) -> None:
    """Let a job that naps go on now, if it does."""
    asleep = Job.objects.filter(
        pk=job_id, state=JobState.INPROGRESS, lease_owner="", due_at__gt=clock.now()
    )
    if asleep.update(due_at=clock.now()):
        doorbell.ring_after_commit()


@transaction.atomic
def create_client(*, name: str, destinations: list[str] | None = None) -> Client:
    return Client.objects.create(name=name, destinations=destinations or [])


@transaction.atomic
def client_of(scheme: Identity.Scheme, subject: str) -> Client:
    """Return the client behind a proven identity; its first visit makes one."""
    known = Identity.objects.filter(scheme=scheme, subject=subject)
    identity = known.select_related("client").first()
    if identity is None:
        name = _client_name(scheme, subject)
        client, _ = Client.objects.get_or_create(name=name)
        identity, _ = Identity.objects.get_or_create(
            scheme=scheme, subject=subject, defaults={"client": client}
        )
    context.note(client=identity.client.pk)
    return identity.client


def _client_name(scheme: Identity.Scheme, subject: str) -> str:
    name = f"{scheme}:{subject}"
    if len(name) <= LONGEST_NAME:
        return name
    # Two long subjects that begin alike are still two clients.
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{name[: LONGEST_NAME - 65]}#{digest}"


@transaction.atomic
def create_key(
    *, client: Client, scopes: list[str], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Make an API key; its text is returned here and never again."""
    text = make_key()
    key = ApiKey.objects.create(
        client=client,
        hint=text[:8],
        digest=read_digest(text) or "",
        scopes=scopes,
        expires_at=expires_at,
    )
    return key, text


def find_key(text: str, *, scope: str) -> ApiKey | None:
    """Return the usable key that `text` is, if it has the scope."""
    digest = read_digest(text)
    if digest is None:
        return None
    at = timezone.now()
    usable = ApiKey.objects.usable(at=at).select_related("client")
    key = usable.filter(digest=digest).first()
    if key is None or scope not in key.scopes:
        return None
    if key.last_used_at is None or at - key.last_used_at > USED_AT_MOST_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)
    context.note(client=key.client.pk)
    return key
