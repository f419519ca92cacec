"""The states of a job and the moves between them."""

from django.db.models import TextChoices


class JobState(TextChoices):
    QUEUED = "queued", "Queued"  # saved, waiting for a worker (again, after a retry)
    INPROGRESS = "inprogress", "In progress"  # claimed; leased to one worker or parked
    SUCCEEDED = "succeeded", "Succeeded"  # the handler ended and its result is public
    FAILED = "failed", "Failed"  # ended for good; `error` says why
    CANCELLED = "cancelled", "Cancelled"  # stopped by a person or a client


MOVES: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset(
        {JobState.INPROGRESS, JobState.FAILED, JobState.CANCELLED}
    ),
    JobState.INPROGRESS: frozenset(
        {JobState.QUEUED, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}
    ),
    JobState.FAILED: frozenset({JobState.QUEUED}),  # a person retries it
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
    JobState.SUCCEEDED: frozenset(),
}
OPEN = (JobState.QUEUED, JobState.INPROGRESS)
FINAL = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
