"""What happens to an export when its job moves."""

from tasks import segments
from tasks.models import Job
from tasks.states import FINAL


def export_moved(job: Job) -> None:
    """Let go of what was fetched once the job has ended, whichever way."""
    if job.state in FINAL:
        segments.drop(job)
