"""What an error means for its job: try again, and when; or give up."""

import errno
import random
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError

from tasks.errors import FollowerFailed, JobMoved

FIRST_S = 1.0
LONGEST_S = 60.0
LONGEST_ASKED_S = 3600.0
MOST_CODE = 50  # as long as Job.error_code


@dataclass(frozen=True)
class Verdict:
    code: str
    message: str
    temporary: bool = False
    retry_after_s: float | None = None
    ours: bool = False  # a fault of this service, to be logged with its traceback


def judge(error: Exception) -> Verdict:
    """Read an error's own words (`code`, `temporary`, `retry_after_s`), if any."""
    if isinstance(error, FollowerFailed) and isinstance(error.__cause__, Exception):
        return judge(error.__cause__)
    code = getattr(error, "code", None)
    if isinstance(code, str) and hasattr(error, "temporary"):
        wait = getattr(error, "retry_after_s", None)
        return Verdict(code[:MOST_CODE], str(error), bool(error.temporary), wait)
    return _translate(error)


def _translate(error: Exception) -> Verdict:
    if isinstance(error, OperationalError | InterfaceError):
        return Verdict("database", "The database did not answer.", temporary=True)
    if isinstance(error, JobMoved):
        return Verdict("moved", "Another job moved at that moment.", temporary=True)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Verdict("disk_full", "There is no space left on the service's disk.")
    if isinstance(error, MemoryError):
        return Verdict("out_of_memory", "The job needs more memory than there is.")
    name = type(error).__name__
    return Verdict("internal_error", f"Internal error ({name}).", ours=True)


def wait_s(
    retries: int, asked_s: float | None = None, *, longest_s: float = LONGEST_S
) -> float:
    """Exponential with full jitter; never before what the other side asked for.

    uniform(0, min(longest_s, 1 * 2 ** retries)), at least `asked_s` (an hour at most).
    """
    jitter = random.uniform(0, min(longest_s, FIRST_S * 2 ** min(retries, 20)))
    return max(jitter, min(asked_s or 0.0, LONGEST_ASKED_S))
