"""The use cases of exports: what is wanted, and the tasks that make it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from exports.errors import (
    NoConfiguration,
    NoInputs,
    NoSource,
    NoSuchTask,
    NotCancellable,
    TooManyInputs,
)
from exports.models import ExportTask, SavedConfiguration, SavedInput
from exports.origins import is_url
from exports.request import (
    MOST_COLUMNS,
    SECRET_FIELDS,
    Configuration,
    ExportRequest,
    Input,
)
from exports.sources.named import Databases
from tasks import services
from tasks.archive.names import media_type
from tasks.archive.upload import Stored
from tasks.errors import JobMoved
from tasks.models import Artifact, Client
from tasks.sealed import seal, unseal
from tasks.states import FINAL

JOB_KIND = "exports.export"
ANONYMOUS = "anonymous"
TASK_ID = re.compile(r"task_[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Saved:
    added: int
    updated: int


def anonymous() -> Client:
    """Return the client that all callers without a key share."""
    return Client.objects.get_or_create(name=ANONYMOUS)[0]


def staff(username: str) -> Client:
    """Return the client behind a signed-in member of staff."""
    return Client.objects.get_or_create(name=f"staff:{username}")[0]


@transaction.atomic
def save_inputs(*, client: Client, inputs: Sequence[Input]) -> Saved:
    """Add columns, or replace those of the same names; of two alike the later wins.

    A name that comes twice counts as added and then as updated, as if they had come
    one by one. What has no name is left out.

    Raises:
        TooManyInputs: none was saved.
    """
    _lock(client)
    named = [one for one in inputs if one.name is not None]
    last = {one.name: one for one in named}
    known = client.export_inputs.filter(name__in=last).count()
    added = len(last) - known
    if added and client.export_inputs.count() + added > MOST_COLUMNS:
        raise TooManyInputs(MOST_COLUMNS)
    SavedInput.objects.bulk_create(
        [SavedInput(client=client, **one.model_dump()) for one in last.values()],
        update_conflicts=True,
        unique_fields=["client", "name"],
        update_fields=["column", "change_order"],
    )
    return Saved(added=added, updated=len(named) - added)


def list_inputs(*, client: Client) -> list[Input]:
    """Return the columns in the order in which their names first came."""
    rows = client.export_inputs.order_by("pk")
    return [
        Input(name=name, column=column, change_order=change_order)
        for name, column, change_order in rows.values_list(
            "name", "column", "change_order"
        )
    ]


@transaction.atomic
def clear_inputs(*, client: Client) -> None:
    _lock(client)
    client.export_inputs.all().delete()


@transaction.atomic
def configure(*, client: Client, configuration: Configuration) -> None:
    """Replace the caller's configuration, its secrets too."""
    _lock(client)
    body, sealed = _apart(configuration)
    SavedConfiguration.objects.update_or_create(
        client=client,
        defaults={"body": body, "sealed": sealed, "changed_at": timezone.now()},
    )


@transaction.atomic
def start(*, client: Client) -> ExportTask:
    """Queue an export of what the caller has set up so far; later changes do not count.

    Raises:
        NoInputs, NoConfiguration, NoSource: in this order.
        TooManyJobs, Overloaded: of tasks.services.enqueue.
    """
    _lock(client)
    inputs = list_inputs(client=client)
    if not inputs:
        raise NoInputs
    saved = SavedConfiguration.objects.filter(client=client).first()
    if saved is None:
        raise NoConfiguration
    if not has_source(Configuration.model_validate(saved.body)):
        raise NoSource
    return _start(client, inputs, saved.body, saved.sealed)


@transaction.atomic
def start_with(*, client: Client, request: ExportRequest) -> ExportTask:
    """Queue an export of what is given here; what is saved for the caller stays.

    Raises:
        NoSource, TooManyInputs: nothing was started.
        TooManyJobs, Overloaded: of tasks.services.enqueue.
    """
    if not has_source(request.configuration):
        raise NoSource
    if len(request.inputs) > MOST_COLUMNS:
        raise TooManyInputs(MOST_COLUMNS)
    return _start(client, request.inputs, *_apart(request.configuration))


def _start(
    client: Client, inputs: Sequence[Input], body: dict[str, Any], sealed: str
) -> ExportTask:
    snapshot = {
        "inputs": [one.model_dump() for one in inputs],
        "configuration": body,
    }
    task = ExportTask(client=client, request=snapshot, sealed=sealed)
    task.job = services.enqueue(
        JOB_KIND,
        client=client,
        params={"task": task.pk},
        lane=f"export:{client.pk}",
    )
    task.save(force_insert=True)
    return task


def draft(*, client: Client, configuration: Configuration) -> ExportRequest:
    """Return what `start` would take if this were the caller's configuration.

    Raises:
        NoSource: nothing says where the rows come from.
    """
    if not has_source(configuration):
        raise NoSource
    return ExportRequest(inputs=list_inputs(client=client), configuration=configuration)


def has_source(configuration: Configuration) -> bool:
    return configuration.db_url is not None or bool(source_url_of(configuration))


def source_url_of(configuration: Configuration) -> str | None:
    """Return the web address to fetch from; None where it is a named database."""
    if configuration.source_urls:
        return configuration.source_urls[0]
    if configuration.source_url is not None:
        return configuration.source_url
    if configuration.db_url is not None:
        return configuration.db_url if is_url(configuration.db_url) else None
    return settings.EXPORT_SOURCE_URL or None


def databases() -> Databases:
    """Return the databases that a `db_url` may name."""
    named: Databases = settings.SOURCE_DATABASES
    return named


def has_cluster() -> bool:
    return bool(settings.COMPUTE_URL)


def load_request(task: ExportTask) -> ExportRequest:
    """Return what a task was started with, its secrets unsealed.

    Raises:
        SealBroken: they cannot be read any more.
    """
    secrets = unseal(task.sealed) if task.sealed else {}
    configuration = {**task.request["configuration"], **secrets}
    return ExportRequest(
        inputs=task.request["inputs"],
        configuration=Configuration.model_validate(configuration),
    )


def find_task(*, client: Client, task_id: str) -> ExportTask:
    """Return a task of this client with its job and its file.

    Raises:
        NoSuchTask: unknown, or another's.
    """
    if not TASK_ID.fullmatch(task_id):
        raise NoSuchTask
    theirs = ExportTask.objects.for_client(client).select_related("job", "artifact")
    task = theirs.defer("sealed").filter(pk=task_id).first()
    if task is None:
        raise NoSuchTask
    return task


def cancel(*, client: Client, task_id: str) -> ExportTask:
    """Ask a task to stop; asking again while it stops changes nothing.

    Raises:
        NoSuchTask: unknown, or another's.
        NotCancellable: it has ended.
    """
    task = find_task(client=client, task_id=task_id)
    try:
        if task.job.state in FINAL:
            raise NotCancellable(task)
        services.cancel(task.job)
    except JobMoved:
        task.job.refresh_from_db()
        raise NotCancellable(task) from None
    return task


def finish_export(
    *,
    task: ExportTask,
    stored: Stored,
    rows: int,
    receipt: dict[str, Any],
    at: datetime,
) -> Artifact:
    """Publish a task's file; call it in the transaction in which its job succeeds."""
    name = f"{task.pk}.{task.request['configuration']['file_type']}"
    expires_at = at + timedelta(hours=settings.EXPORT_KEEP_HOURS)
    artifact = Artifact.objects.create(
        digest=stored.digest,
        size_bytes=stored.size,
        name=name,
        media_type=media_type(name),
        rows=rows,
        receipt=receipt,
        job_id=task.job_id,
        created_at=at,
        expires_at=expires_at,
    )
    task.artifact, task.expires_at = artifact, expires_at
    task.save(update_fields=["artifact", "expires_at"])
    return artifact


def _lock(client: Client) -> None:
    """Let requests of one client take turns; its jobs are not held up by that."""
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)


def _apart(configuration: Configuration) -> tuple[dict[str, Any], str]:
    """Return what may be read in the database, and the sealed rest."""
    given = configuration.model_dump(mode="json", exclude_unset=True)
    secrets = {name: given.pop(name, None) for name in SECRET_FIELDS}
    told = {name: value for name, value in secrets.items() if value is not None}
    return given, seal(told) if told else ""
