"""What the handlers of tests left behind, counted."""

from collections import Counter
from pathlib import Path
from time import time

from django.conf import settings

from tasks.engine import sweep
from tasks.models import Job
from tasks.states import JobState

# Later than any test, so that nothing counts as fresh.
LATER_S = 3600.0


def effects(job: Job) -> Counter[str]:
    return Counter(job.artifacts.values_list("name", flat=True))


def once_each(steps: int, *more: str) -> Counter[str]:
    """Return the effects of a job of `steps` steps, done exactly once."""
    return Counter([*(f"step-{n}" for n in range(steps)), "published", *more])


def nothing_is_left() -> None:
    """Check that a sweep of an idle service leaves no scratch and no lease."""
    assert not Job.objects.filter(state=JobState.INPROGRESS).exists()
    sweep.clear_scratch(now_s=time() + LATER_S)
    sweep.clear_scratch(now_s=time() + LATER_S)
    root: Path = settings.SCRATCH_DIR
    left = [path for path in root.rglob("*") if path.name != "stuck-once"]
    assert left == []
