"""Where the results of tasks are, for who looks at their jobs."""

from collections.abc import Sequence
from uuid import UUID

from tasks.dialects.common.wire import result_path
from tasks.models import Phase, Task


def results_of(job_ids: Sequence[UUID]) -> dict[UUID, str]:
    done = Task.objects.filter(process_job_id__in=job_ids, phase=Phase.COMPLETED)
    found = done.values_list("process_job_id", "pk")
    return {job_id: result_path(task_id) for job_id, task_id in found}
