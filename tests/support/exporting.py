"""Exports in tests: tasks of a caller, run by an engine in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import override_settings

from exports import services
from exports.models import ExportTask
from exports.request import Configuration, Input
from tasks.archive import stored
from tasks.engine import clock, shift
from tasks.models import Artifact, Job
from tasks.outbound.policy import parse_policy
from tests.support.jobs import a_client

MOST_SHIFTS = 50


@contextmanager
def closed_world(folder: Path) -> Iterator[None]:
    """Have a store of one's own, and only loopback to fetch from."""
    local = parse_policy(allow_nets="127.0.0.0/8", ports="any")
    own = override_settings(
        OUTBOUND=replace(local, read_timeout_s=2.0, total_timeout_s=20.0),
        STORE_URL=str(folder / "store"),
        SCRATCH_DIR=folder / "scratch",
    )
    with own:
        stored.store.cache_clear()
        yield
    stored.store.cache_clear()


def an_export(
    url: str = "", inputs: list[dict[str, Any]] | None = None, **configuration: Any
) -> ExportTask:
    """Start an export of alice's: a file's, unless it says how the source is paged."""
    named = {"source_url": url} if url else {}
    whole = {"file_type": "csv", "paging": "none", **named, **configuration}
    client = a_client()
    services.clear_inputs(client=client)
    services.save_inputs(
        client=client,
        inputs=[Input(**one) for one in inputs or [{"name": "unused"}]],
    )
    services.configure(client=client, configuration=Configuration(**whole))
    return services.start(client=client)


def run_exports(*, tries: int = MOST_SHIFTS) -> None:
    """Work until nothing is queued, retries at once."""
    for _ in range(tries):
        shift.answer()
        if not Job.objects.open().update(due_at=clock.now()):
            return


def ended(task: ExportTask) -> ExportTask:
    """Run everything, and return the task as it is then."""
    run_exports()
    return ExportTask.objects.select_related("job", "artifact").get(pk=task.pk)


def exported(url: str = "", **wanted: Any) -> tuple[bytes, Artifact]:
    """Run an export that must succeed; return its file."""
    task = ended(an_export(url, **wanted))
    assert task.job.state == "succeeded", (task.job.error_code, task.job.error)
    assert task.artifact is not None
    with stored.store().open(task.artifact.digest) as file:
        return file.read(), task.artifact


def failed(url: str = "", **wanted: Any) -> Job:
    """Run an export that must fail, and leave no file; return its job."""
    task = ended(an_export(url, **wanted))
    told = (task.job.error_code, task.job.error)
    assert (task.job.state, task.artifact) == ("failed", None), told
    assert leftovers() == []
    return task.job


def leftovers() -> list[str]:
    """Name the files that are in the store or on their way there, or in scratch."""
    roots = (Path(settings.STORE_URL), Path(settings.SCRATCH_DIR))
    return sorted(
        str(one.relative_to(root.parent))
        for root in roots
        for one in root.rglob("*")
        if one.is_file()
    )
