"""Where the files of exports are, for who looks at their jobs."""

from collections.abc import Sequence
from uuid import UUID

from exports.models import ExportTask


def files_of(job_ids: Sequence[UUID]) -> dict[UUID, str]:
    tasks = ExportTask.objects.filter(job_id__in=job_ids).values_list("job_id", "pk")
    return {job_id: f"/api/export/download/{task_id}" for job_id, task_id in tasks}
