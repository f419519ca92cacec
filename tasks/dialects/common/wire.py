"""The words of contract 004: the envelope, and what goes into it."""

from typing import Any
from uuid import UUID

import orjson

from tasks.models import Phase, ResultType, Task

Json = dict[str, Any]

NOT_FOUND = "There is nothing here: see the paths below /api/v1."
NO_TASK = "There is no such task."
GONE = "The result is no longer kept."

# What a client of the contract's five words knows of one that ended otherwise.
UNKNOWN_TO_THE_CONTRACT = frozenset({Phase.FAILED, Phase.CANCELLED})


def dumps(body: Any) -> bytes:
    return orjson.dumps(body)


def envelope(data: Any = None, *, message: str | None = None) -> Json:
    return {"success": True, "message": message, "data": data}


def refused(message: str) -> Json:
    return {"success": False, "message": message, "data": None}


def created(task: Task, *, attributes: list[str], assets_per_batch: int) -> Json:
    return envelope(
        {
            "task_id": str(task.pk),
            "attributes": attributes,
            "assets_per_batch": assets_per_batch,
        }
    )


def status(task: Task, *, result_url: str, strict: bool) -> Json:
    """Return the envelope with the status in it, and once more at the top level.

    Contract 004, decisions 1, 3 and 5.
    """
    hidden = strict and task.phase in UNKNOWN_TO_THE_CONTRACT
    ended = task.phase == Phase.COMPLETED
    told = {
        "task_id": str(task.pk),
        "status": str(last_legal(task) if hidden else task.phase),
        "assets_downloaded": task.percent,
        "result_id": result_url if ended else None,
        "result_type": str(ResultType(task.result_type)) if ended else None,
    }
    more = {
        "assets_announced": task.announced,
        "assets_failed": task.failed,
        "processor": task.processor,
    }
    message = reason(task) if task.phase in UNKNOWN_TO_THE_CONTRACT else task.message
    whole = envelope(told | more, message=message or None)
    return whole | {"success": not hidden} | told


def last_legal(task: Task) -> Phase:
    """Return how far a task came that failed or was cancelled."""
    if task.process_job_id is not None:
        return Phase.PROCESSING
    if not task.announced:
        return Phase.CREATED
    settled = task.downloaded + task.failed == task.announced
    return Phase.WAITING if settled else Phase.DOWNLOADING


def reason(task: Task) -> str:
    return task.message or f"The task is {task.phase}."


def website(url: str) -> Json:
    return envelope({"url": url})


def not_completed(task: Task) -> str:
    if task.phase in UNKNOWN_TO_THE_CONTRACT:
        return f"The task has no result, it is {task.phase}: {reason(task)}"
    return f"The task has no result yet: it is {task.phase}."


def result_path(task_id: UUID) -> str:
    return f"/api/v1/result?id={task_id}"


def page_path(task_id: UUID, page: str) -> str:
    return f"/results/{task_id}/{page}"


def metrics(*, pending: int) -> str:
    """Return the one figure of the contract, as Prometheus reads it."""
    return (
        "# HELP pending_tasks_total Tasks that are not finished.\n"
        "# TYPE pending_tasks_total gauge\n"
        f"pending_tasks_total {pending}\n"
    )
