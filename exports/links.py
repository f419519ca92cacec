"""Where files of exports and results of queries are, for who looks at their jobs."""

from collections.abc import Sequence
from uuid import UUID

from exports.models import ExportTask, ShareQuery


def files_of(job_ids: Sequence[UUID]) -> dict[UUID, str]:
    tasks = ExportTask.objects.filter(job_id__in=job_ids).values_list("job_id", "pk")
    return {job_id: f"/api/export/download/{task_id}" for job_id, task_id in tasks}


def results_of(job_ids: Sequence[UUID]) -> dict[UUID, str]:
    queries = ShareQuery.objects.filter(job__in=job_ids)
    rows = queries.values_list("job__pk", "share_id", "pk")
    return {
        job_id: f"/shares/v2/async/{share_id}/results/{query_id}"
        for job_id, share_id, query_id in rows
    }
