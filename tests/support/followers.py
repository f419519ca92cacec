"""Followers and sweeps for tests, named by their path as the settings name them."""

from datetime import datetime

from tasks import services
from tasks.models import Artifact, Job, Lane
from tasks.states import JobState

HERE = "tests.support.followers"


def tell(job: Job) -> None:
    """Leave a row that says what the follower was told."""
    Artifact.objects.create(
        digest="", size_bytes=0, name=f"told-{job.state}", media_type="", job=job
    )


def fail_at_end(job: Job) -> None:
    """Follow a job until it is final; then raise, whatever its state."""
    tell(job)
    if job.state not in {JobState.QUEUED, JobState.INPROGRESS}:
        raise LookupError("the follower does not know what to do")


def fail_on_success(job: Job) -> None:
    if job.state == JobState.SUCCEEDED:
        raise LookupError("the follower does not know what to do")


def fail_at_start(job: Job) -> None:
    if job.state == JobState.INPROGRESS:
        raise LookupError("the follower does not know what to do")


def move_another(job: Job) -> None:
    """Cancel a job that is final by now, as a race would have it."""
    if job.state == JobState.SUCCEEDED and job.retries == 0:
        services.cancel(job)


def sweep_badly(*, at: datetime) -> None:
    raise LookupError(f"nothing to sweep at {at}")


def sweep_well(*, at: datetime) -> None:
    Lane.objects.create(key="swept", served_at=at)
