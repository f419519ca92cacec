"""Where the revisions of pipelines are, for who looks at their jobs."""

from collections.abc import Sequence
from urllib.parse import quote
from uuid import UUID

from registry.models import Pipeline


def revisions_of(job_ids: Sequence[UUID]) -> dict[UUID, str]:
    found = Pipeline.objects.filter(job_id__in=job_ids)
    return {
        one.job_id: f"/source/{quote(one.revision.flow_id)}"
        for one in found.select_related("revision__dataset")
        if one.job_id
    }
