"""A task's result: a file, or a website of several."""

from datetime import UTC, datetime

from tasks.archive.names import media_type
from tasks.archive.store import Stored
from tasks.collecting import files, phases
from tasks.models import Artifact, Job, Page, Phase, ResultType, Task
from tasks.processors import Product


def publish(
    task: Task, product: Product, *, result_type: ResultType, job: Job, at: datetime
) -> None:
    """Complete a locked task; call in the transaction in which its job succeeds."""
    result = _artifact(product.stored, product.name, product.media_type, job, at)
    result.save()
    pages = [
        _artifact(stored, path.rpartition("/")[2], media_type(path), job, at)
        for path, stored in product.pages.items()
    ]
    Artifact.objects.bulk_create(pages)
    Page.objects.bulk_create(
        Page(task=task, path=path, artifact=page)
        for path, page in zip(product.pages, pages, strict=True)
    )
    phases.move(
        task,
        Phase.COMPLETED,
        at=at,
        result=result,
        result_type=result_type,
        message=_message(task),
    )


def drop(product: Product) -> None:
    """Delete the files of a result that nobody wants any more."""
    now = datetime.now(UTC)
    stored = [product.stored, *product.pages.values()]
    files.forget((one.digest, now) for one in stored)


def _message(task: Task) -> str:
    if not task.failed:
        return ""
    count = f"{task.failed} of {task.announced} assets"
    return f"{count} could not be downloaded: {phases.failures_of(task)}"


def _artifact(stored: Stored, name: str, kind: str, job: Job, at: datetime) -> Artifact:
    return Artifact(
        digest=stored.digest,
        size_bytes=stored.size,
        name=name[:255],
        media_type=kind,
        receipt={"task": job.params["task"], "job": str(job.pk)},
        job=job,
        created_at=at,
    )
