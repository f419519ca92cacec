"""What can go wrong with background work.

EntrepotError
 ├─ Refused            the request was not taken in
 │   ├─ TooManyJobs    this client has enough open jobs
 │   └─ Overloaded     the service has, or its disk is nearly full
 ├─ JobMoved           somebody else moved the job first
 ├─ FollowerFailed     what follows a job failed, so the job could not move
 ├─ Stopped            the job must end in the middle of a step
 ├─ SealBroken         a secret that was sealed cannot be read any more
 └─ WorkFailed         a handler gives up, with a reason for the client
"""

from collections import Counter
from functools import partial
from typing import Any
from uuid import UUID

_refusals: Counter[str] = Counter()


class EntrepotError(Exception):
    """The root of this service's own errors."""


class Refused(EntrepotError):
    """The work was not taken in; ask again after `retry_after_s`."""

    def __init__(self, message: str, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        _refusals[type(self).__name__] += 1


def refusals() -> dict[str, int]:
    """Return how often this process has refused work, by the reason's name."""
    return dict(_refusals)


class TooManyJobs(Refused):
    """The client has as many open jobs as it may."""


class Overloaded(Refused):
    """The service has as much open work, or as little disk, as it can bear."""


class JobMoved(EntrepotError):
    """The job is no longer in the state it was last seen in."""


class FollowerFailed(EntrepotError):
    """The follower of the job's kind raised; its error is the cause of this one."""

    def __init__(self, job_id: UUID) -> None:
        super().__init__(f"What follows job {job_id} failed, so it has not moved.")
        self.job_id = job_id


class Stopped(EntrepotError):
    """The job was cancelled, or its lease lost, in the middle of a step."""


class SealBroken(EntrepotError):
    """What was sealed cannot be read any more."""


class WorkFailed(EntrepotError):
    """A handler's own verdict: `code` for programs, the message for people."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        temporary: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.temporary = temporary
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[Any, ...]:
        # So that it reaches whoever waits in another process.
        made = partial(
            WorkFailed, temporary=self.temporary, retry_after_s=self.retry_after_s
        )
        return made, (self.code, str(self))
