"""What happens to an export when its job moves."""

from exports import parts
from exports.models import ExportTask
from tasks import segments
from tasks.models import Job
from tasks.states import FINAL


def export_moved(job: Job) -> None:
    """Let go of what was fetched once the job has ended, whichever way."""
    if job.state not in FINAL:
        return
    if task := ExportTask.objects.filter(job=job).first():
        parts.end(task)
    segments.drop(job)
