"""The use cases of tasks: assets announced, a result made of them, all removed."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from tasks.collecting import phases, removal
from tasks.collecting.announcing import AssetRequest as AssetRequest
from tasks.collecting.announcing import add, check_batch
from tasks.collecting.errors import NoSuchTask, TaskClosed
from tasks.engine import clock
from tasks.errors import TooManyJobs
from tasks.models import Asset, AssetState, Client, OnFailure, Phase, Task
from tasks.models.task import ENDED, GATHERING

RETRY_AFTER_S = 60


@transaction.atomic
def create_task(
    *,
    client: Client,
    processor: str | None = None,
    on_failure: str = OnFailure.CONTINUE,
) -> Task:
    """Make a task without assets; the caller has checked that the processor exists.

    Raises:
        TooManyJobs: the client has as many unfinished tasks as it may.
    """
    _make_room(client)
    at = clock.now()
    return Task.objects.create(
        client=client,
        processor=processor or settings.TASK_PROCESSOR,
        on_failure=OnFailure(on_failure),
        created_at=at,
        expires_at=at + timedelta(hours=settings.TASK_KEEP_HOURS),
    )


def _make_room(client: Client) -> None:
    most = client.max_open_jobs
    if most is None:
        most = settings.MAX_OPEN_JOBS_PER_CLIENT
    if Task.objects.for_client(client).pending()[:most].count() >= most:
        raise TooManyJobs(
            f"{client} has {most} unfinished tasks, as many as it may have.",
            retry_after_s=RETRY_AFTER_S,
        )


@transaction.atomic
def announce(
    *,
    client: Client,
    task_id: UUID,
    assets: Sequence[AssetRequest],
    last: bool = False,
) -> list[Asset]:
    """Add a batch, all of it or nothing, and have it downloaded.

    What is known by file name and URL is not added again; if it had failed, it is
    tried again. After the `last` batch the task goes on by itself.

    Raises:
        NoSuchTask: unknown, or another's.
        TaskClosed: it is processed already, or was said to be complete.
        TooManyAssets, BadAsset: the batch is not as it must be.
        TooManyJobs, Overloaded: of tasks.services.enqueue.
    """
    task = _hold(client, task_id)
    if task.phase not in GATHERING:
        raise TaskClosed(f"No assets can be added: the task is {task.phase}.")
    check_batch(assets)
    added = add(task, assets)
    if last and not task.all_sent:
        phases.change(task, all_sent=True)
    if task.phase != Phase.DOWNLOADING:
        at = clock.now()
        if added.work:
            phases.download(task, at=at)
        elif task.all_sent:
            phases.process(task, at=at)
        elif task.phase == Phase.WAITING:  # its client is not idle
            phases.change(task, waiting_since=at)
    return added.assets


@transaction.atomic
def start(*, client: Client, task_id: UUID) -> Task:
    """Have a task processed as soon as its downloads are done; twice is once.

    Raises:
        NoSuchTask: unknown, or another's.
        TaskClosed: it has failed or was cancelled.
    """
    task = _hold(client, task_id)
    if task.phase in {Phase.FAILED, Phase.CANCELLED}:
        raise TaskClosed(f"The task cannot be started: it is {task.phase}.")
    if task.phase in GATHERING:
        phases.change(task, all_sent=True)
    if task.phase in {Phase.CREATED, Phase.WAITING}:
        phases.process(task, at=clock.now())
    return task


def find_task(*, client: Client, task_id: UUID) -> Task:
    """Return a task of this client with its result.

    Raises:
        NoSuchTask: unknown, or another's.
    """
    theirs = Task.objects.for_client(client).select_related("result")
    task = theirs.filter(pk=task_id).first()
    if task is None:
        raise NoSuchTask
    return task


def delete_task(*, client: Client, task_id: UUID) -> None:
    """Stop a task in any phase and remove its rows and files.

    Raises:
        NoSuchTask: unknown, or another's.
    """
    removal.remove(find_task(client=client, task_id=task_id))


@transaction.atomic
def retry_failed(task: Task) -> int:
    """Have a task's failed assets tried again; return how many.

    A task that has failed or was cancelled comes back to life by that.

    Raises:
        NoSuchTask: it is gone.
        TaskClosed: it is being processed, or was.
    """
    held = _held(task)
    if held.phase in {Phase.PROCESSING, Phase.COMPLETED}:
        raise TaskClosed(f"Its assets cannot be retried: the task is {held.phase}.")
    failed = held.assets.filter(state=AssetState.FAILED)
    count = phases.requeue(held, list(failed.values_list("pk", flat=True)))
    waits = held.assets.filter(state__in=phases.UNSETTLED).exists()
    if waits and held.phase != Phase.DOWNLOADING:
        phases.download(held, at=clock.now(), internal=True)
    return count


@transaction.atomic
def restart(task: Task) -> Task:
    """Have the result of an ended task made anew; of what is not here yet, fetch it.

    Raises:
        NoSuchTask: it is gone.
        TaskClosed: it has not ended.
    """
    held = _held(task)
    if held.phase not in ENDED:
        raise TaskClosed(f"It cannot be restarted: the task is {held.phase}.")
    phases.change(held, all_sent=True)
    if held.assets.filter(state__in=phases.UNSETTLED).exists():
        phases.download(held, at=clock.now(), internal=True)
    else:
        phases.process(held, at=clock.now())
    removal.drop_result(held)
    return held


def _hold(client: Client, task_id: UUID) -> Task:
    task = phases.lock(task_id, client=client)
    if task is None:
        raise NoSuchTask
    return task


def _held(task: Task) -> Task:
    held = phases.lock(task.pk)
    if held is None:
        raise NoSuchTask
    return held
