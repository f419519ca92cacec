"""The use cases of the registry."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from registry import elsewhere, incidents, indexing, schedule
from registry.errors import NoSuchRevision, NotAuthorised, QuotaExceeded
from registry.follow import start_ready
from registry.models import Dataset, Output, Pipeline, Revision
from registry.models.dataset import Cause
from registry.plan import PlannedPipeline, plan
from registry.spec import Findability, Spec, dataset_of, owner_of, parse_spec
from tasks import services
from tasks.models import Client, Identity


@incidents.reporting
@transaction.atomic
def upload(
    *,
    contents: dict[str, Any],
    max_datasets: int | None,
    at: datetime,
    cause: Cause = Cause.UPLOAD,
) -> Revision:
    """Save a spec as a new revision and start its pipelines.

    The owner must have been proven before; None as the quota means no limit.

    Raises:
        NotAuthorised: the owner's client was revoked.
        QuotaExceeded: this would be a dataset too many.
        SpecError: the document cannot be taken; nothing is saved.
        Refused: there is too much unfinished work.
    """
    owner = owner_of(contents)
    client = lock_owner(owner)
    _hold_quota(owner, dataset_of(contents), max_datasets)
    spec = parse_spec(contents)
    dataset = _dataset(spec, client=client, at=at)
    revision = Revision.objects.create(
        dataset=dataset,
        number=dataset.newest,
        spec=_stamped(contents, created_at=dataset.created_at, at=at),
        findability=spec.meta.findability,
        runner=settings.PIPELINE_RUNNER,
        cause=cause,
        created_at=at,
        modified_at=at,
    )
    _save_plan(revision, plan(spec, revision.flow_id))
    start_ready(revision, admit=True)
    if cause != Cause.UPLOAD:
        elsewhere.refresh_later(revision)
    return revision


def lock_owner(owner: str) -> Client:
    """Hold all else that would make revisions of the owner's until the commit.

    One at a time: the quota and the number must be true. To be locked before any
    dataset, so that two never wait for each other.

    Raises:
        NotAuthorised: the owner's client was revoked.
    """
    client = services.client_of(Identity.Scheme.JWT, owner)
    if client.revoked_at:
        raise NotAuthorised(f"{client} was revoked")
    return Client.objects.select_for_update(no_key=True).get(pk=client.pk)


def _hold_quota(owner: str, name: str | None, most: int | None) -> None:
    theirs = Dataset.objects.filter(owner=owner)
    if most is None or theirs.filter(name=name).exists():
        return
    if theirs.count() >= most:
        raise QuotaExceeded(most)


def _dataset(spec: Spec, *, client: Client, at: datetime) -> Dataset:
    """Bring the dataset's row up to the new spec, and its newest number by one."""
    # Locked, as all its fields are written: a pause that comes between is kept.
    dataset, _ = Dataset.objects.select_for_update(no_key=True).get_or_create(
        owner=spec.meta.ownerid,
        name=spec.meta.dataset,
        defaults={
            "client": client,
            "findability": spec.meta.findability,
            "created_at": at,
        },
    )
    dataset.newest += 1
    indexing.take_spec(dataset, spec)
    dataset.period_s = spec.period_s
    dataset.scheduled_for = schedule.next_time(
        period_s=spec.period_s, previous=dataset.scheduled_for, now=at
    )
    dataset.save()
    return dataset


def _stamped(
    contents: dict[str, Any], *, created_at: datetime, at: datetime
) -> dict[str, Any]:
    times = {"update_time": naive_iso(at), "create_time": naive_iso(created_at)}
    return {**contents, "meta": {**contents["meta"], **times}}


def naive_iso(at: datetime) -> str:
    """Write a time as the original did: ISO 8601 in UTC without an offset."""
    return at.replace(tzinfo=None).isoformat()


def _save_plan(revision: Revision, planned: list[PlannedPipeline]) -> None:
    Pipeline.objects.bulk_create(
        Pipeline(
            revision=revision,
            pipeline_id=one.id,
            position=position,
            kind=one.kind,
            resource=one.resource or "",
            title=one.title,
            dependencies=list(one.dependencies),
            needs=list(one.needs),
        )
        for position, one in enumerate(planned)
    )


def find_output(
    *, owner: str, dataset: str, word: str, path: str, is_owner: Callable[[], bool]
) -> Output:
    """Return a file of a revision, if the caller may read it.

    Published and unlisted files are anybody's; `is_owner` is asked for private ones.

    Raises:
        NoSuchRevision: there is no such file, or none the caller may know of.
    """
    revision = find_readable(owner=owner, dataset=dataset, word=word, is_owner=is_owner)
    outputs = revision.outputs.filter(path=path).select_related("artifact")
    # PostgreSQL fails on a NUL, which no path of ours has.
    output = None if "\0" in path else outputs.first()
    if output is None:
        raise NoSuchRevision(f"{revision.flow_id} has no file {path!r} (yet).")
    return output


def find_readable(
    *, owner: str, dataset: str, word: str, is_owner: Callable[[], bool]
) -> Revision:
    """Return a revision whose files the caller may read.

    Raises:
        NoSuchRevision: there is none, or none the caller may know of.
    """
    revision = find_revision(owner=owner, dataset=dataset, word=word)
    if revision.findability == Findability.PRIVATE and not is_owner():
        raise NoSuchRevision(f"There is no revision {owner}/{dataset}/{word}.")
    return revision


def owns(client: Client, *, owner: str) -> bool:
    return Dataset.objects.filter(client=client, owner=owner).exists()


def is_revoked(owner: str) -> bool:
    """Tell whether staff has shut out the client behind an owner's tokens."""
    identity = Identity.objects.filter(scheme=Identity.Scheme.JWT, subject=owner)
    return identity.filter(client__revoked_at__isnull=False).exists()


def find_revision(*, owner: str, dataset: str, word: str) -> Revision:
    """Return a revision by `latest`, `successful` or its number.

    Raises:
        NoSuchRevision: there is none.
    """
    found = Revision.objects.of_dataset(owner=owner, dataset=dataset).named(word)
    revision = found.select_related("dataset").first()
    if revision is None:
        raise NoSuchRevision(f"There is no revision {owner}/{dataset}/{word}.")
    return revision
