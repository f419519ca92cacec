"""The use cases of a dataset's history: two revisions compared, an old one restored."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import orjson
from django.db import transaction

from registry import services
from registry.changes import TableChange, tables_of
from registry.errors import NoSuchRevision
from registry.models import Comparison, Revision
from registry.models.dataset import Cause
from tasks import services as work
from tasks.errors import Refused
from tasks.models import Artifact, Client, Job
from tasks.states import JobState

JOB_KIND = "registry.diff"
# Part of every step key: raise it when the same files would be told otherwise.
VERSION = 1
# Anybody may ask, so the comparisons of an owner must not fill what may be queued.
MOST_WAITING = 20


@dataclass(frozen=True, slots=True)
class RevisionChange:
    before: Revision
    after: Revision
    tables: list[TableChange]
    # When to ask again, while there is a table that nothing is known of.
    retry_after_s: int | None = None


def compare(
    *, owner: str, dataset: str, before: str, after: str, is_owner: Callable[[], bool]
) -> RevisionChange:
    """Tell what changed from one revision to another, and start what takes time.

    `before` and `after` are each a number, `latest` or `successful`.

    Raises:
        NoSuchRevision: one of them is not there, or not for the caller to know of.
    """
    old, new, tables = _tables(owner, dataset, before, after, is_owner)
    _look_up(tables)
    wait_s = 1
    for table in tables:
        if not table.is_known and table.pair:
            try:
                _start(table, client=new.dataset.client)
            except (
                Refused
            ) as error:  # It is started by whoever asks when there is room.
                wait_s = max(wait_s, error.retry_after_s)
    waits = not all(table.is_known for table in tables)
    return RevisionChange(old, new, tables, retry_after_s=wait_s if waits else None)


def find_changes(  # noqa: PLR0913 - a path has that many parts, all named
    *,
    owner: str,
    dataset: str,
    before: str,
    after: str,
    resource: str,
    is_owner: Callable[[], bool],
) -> Artifact:
    """Return the file of a table's finished comparison.

    Raises:
        NoSuchRevision: there is none (yet), or none the caller may know of.
    """
    *_, tables = _tables(owner, dataset, before, after, is_owner)
    for table in tables:
        if table.resource == resource and table.pair:
            same = Comparison.objects.filter(step_key=step_key(table))
            found = same.select_related("artifact").first()
            if found and found.artifact:
                return found.artifact
    raise NoSuchRevision(f"There is no comparison of a table {resource!r} (yet).")


def restore(*, revision: Revision, at: datetime) -> Revision:
    """Make a new revision of an old one's spec, with its schedule and findability.

    Raises: what `services.upload` raises.
    """
    return services.upload(
        contents=revision.spec, max_datasets=None, at=at, cause=Cause.RESTORE
    )


def _tables(
    owner: str, dataset: str, before: str, after: str, is_owner: Callable[[], bool]
) -> tuple[Revision, Revision, list[TableChange]]:
    old, new = (
        services.find_readable(
            owner=owner, dataset=dataset, word=word, is_owner=is_owner
        )
        for word in (before, after)
    )
    return old, new, list(tables_of(old, new))


def step_key(table: TableChange) -> str:
    """Name a comparison by all that it depends on."""
    digests = [one.artifact.digest for one in table.pair or ()]
    parts = [VERSION, JOB_KIND, digests, table.key]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()


def _look_up(tables: list[TableChange]) -> None:
    keys = {one.resource: step_key(one) for one in tables if one.pair}
    done = Comparison.objects.filter(step_key__in=keys.values(), found__isnull=False)
    known = {comparison.step_key: comparison for comparison in done}
    for table in tables:
        table.comparison = known.get(keys.get(table.resource, ""))


@transaction.atomic
def _start(table: TableChange, *, client: Client) -> None:
    """Have a worker compare two tables, unless one is at it already."""
    before, after = (one.artifact.digest for one in table.pair or ())
    comparison, _ = Comparison.objects.select_for_update(no_key=True).get_or_create(
        step_key=step_key(table),
        defaults={"before": before, "after": after, "key": list(table.key)},
    )
    table.comparison = comparison
    if comparison.found is not None:
        return  # A worker was done with it just now.
    if comparison.job is None:
        comparison.job = _enqueue(comparison, client=client)
        comparison.save(update_fields=["job"])
    table.error = _failure(comparison.job)


def _enqueue(comparison: Comparison, *, client: Client) -> Job:
    # One at a time, as they are heavy and nobody's main work.
    lane = f"{JOB_KIND}:{client.pk}"
    waiting = Job.objects.filter(lane=lane, due_at__isnull=False)
    if waiting.count() >= MOST_WAITING:
        raise Refused("Enough comparisons wait already.", retry_after_s=5)
    return work.enqueue(
        JOB_KIND,
        client=client,
        params={"comparison": comparison.pk},
        lane=lane,
        serial=True,
    )


def _failure(job: Job) -> str:
    match job.state:
        case JobState.FAILED:
            return job.error or "It failed."
        case JobState.CANCELLED:
            return "It was cancelled."
    return ""
