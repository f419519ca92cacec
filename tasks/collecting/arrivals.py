"""What became of assets, written to their rows and their task's counts."""

from collections.abc import Collection, Sequence

from django.db.models import F, QuerySet

from tasks.archive.stored import store
from tasks.collecting import phases
from tasks.collecting.download import Fetched, Missed, shown
from tasks.engine.storable import fit
from tasks.models import Artifact, Asset, AssetState, Job, Task


def save(
    task: Task,
    outcomes: Sequence[Fetched | Missed],
    *,
    job: Job,
    flying: Collection[int],
) -> None:
    """Write what came of downloads, and which ones are under way, to a locked task."""
    fetched = [one for one in outcomes if isinstance(one, Fetched) and _is_there(one)]
    missed = [one for one in outcomes if isinstance(one, Missed)]
    artifacts = Artifact.objects.bulk_create(_artifact(one, job) for one in fetched)
    downloaded = sum(
        _downloaded(task, one, artifact)
        for one, artifact in zip(fetched, artifacts, strict=True)
    )
    failed = sum(_failed(task, one) for one in missed)
    waiting = task.assets.filter(pk__in=flying, state=AssetState.WAITING)
    waiting.update(state=AssetState.DOWNLOADING, attempts=F("attempts") + 1)
    if downloaded or failed:
        phases.change(
            task, downloaded=task.downloaded + downloaded, failed=task.failed + failed
        )


def _is_there(one: Fetched) -> bool:
    """Tell whether a file still is in the store.

    Who removed the same content from another task may have deleted it before this
    transaction said that it is shown here too; then it is fetched once more.
    """
    return store().exists(one.stored.digest)


def _artifact(one: Fetched, job: Job) -> Artifact:
    return Artifact(
        digest=one.stored.digest,
        size_bytes=one.stored.size,
        name=one.wanted.name,
        media_type=one.media_type,
        receipt={"sources": [{"url": fit(shown(one.wanted.url))}], "job": str(job.pk)},
        job=job,
        created_at=one.at,
    )


def _downloaded(task: Task, one: Fetched, artifact: Artifact) -> int:
    return _unsettled(task, one).update(
        state=AssetState.DOWNLOADED,
        attempts=one.attempts,
        size_bytes=one.stored.size,
        digest=one.stored.digest,
        media_type=one.media_type,
        artifact=artifact,
    )


def _failed(task: Task, one: Missed) -> int:
    return _unsettled(task, one).update(
        state=AssetState.FAILED,
        attempts=one.attempts,
        error_code=one.code[:50],
        error=fit(one.message),
    )


def _unsettled(task: Task, one: Fetched | Missed) -> QuerySet[Asset]:
    return Asset.objects.filter(pk=one.wanted.id, task=task, state__in=phases.UNSETTLED)
