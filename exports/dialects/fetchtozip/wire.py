"""The words of contract 3.4.1."""

import json
from datetime import UTC, datetime
from typing import Any

from exports.models import ExportTask
from exports.request import ORIGINAL_FIELDS, Configuration, Input
from exports.services import Saved
from tasks.models import Job
from tasks.states import JobState

Json = dict[str, Any]

NO_NAME = "Input 'name' is required for adding or updating a single input."
NO_LIST = "No inputs provided in the list."
NO_INPUTS = (
    "No inputs provided. Please add inputs using /api/export/inputs or "
    "/api/export/bulk-inputs first."
)
NO_CONFIGURATION = (
    "No configuration provided. Please configure the export using "
    "/api/export/configure first."
)
NO_SOURCE = (
    "No source provided. Please configure the export with source_url, or with a "
    "db_url that is an http(s) URL or a named database, first."
)
NO_KEY = "Not authenticated"
NO_TASK = "Task not found"
NO_FILE = "Output file not found on server."
HIDDEN = "***"

STATUSES = {
    JobState.QUEUED: "in_progress",
    JobState.INPROGRESS: "in_progress",
    JobState.SUCCEEDED: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}


def dumps(body: Any) -> bytes:
    """Write JSON as the original does: compact, in UTF-8, keys in their order."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def saved_input(one: Input) -> Json:
    return {
        "message": "Input added/updated successfully",
        "input": one.model_dump(),
    }


def saved_inputs(saved: Saved) -> Json:
    return {
        "message": (
            f"Successfully added {saved.added} and updated {saved.updated} inputs"
        ),
        "added_count": saved.added,
        "updated_count": saved.updated,
    }


def listed(inputs: list[Input]) -> Json:
    return {"inputs": [one.model_dump() for one in inputs], "count": len(inputs)}


def cleared() -> Json:
    return {"message": "All inputs cleared"}


def configured(configuration: Configuration) -> Json:
    """Echo the original's fields, and of ours those that were given: secrets hidden."""
    given = configuration.model_dump(mode="json", exclude_unset=True)
    echo = {name: getattr(configuration, name) for name in ORIGINAL_FIELDS} | given
    if configuration.headers is not None:
        echo["headers"] = dict.fromkeys(configuration.headers, HIDDEN)
    if configuration.auth is not None:
        hidden = dict.fromkeys(echo["auth"], HIDDEN)
        echo["auth"] = hidden | {"type": configuration.auth.type}
    return {"message": "Configuration set successfully", "configuration": echo}


def started(task: ExportTask) -> Json:
    return {"message": "Task started", "task_id": task.pk}


def status_word(job: Job) -> str:
    state = JobState(job.state)
    asked_to_stop = job.cancel_requested_at is not None
    if STATUSES[state] == "in_progress" and asked_to_stop:
        return "cancel_requested"
    return STATUSES[state]


def status(task_id: str, job: Job) -> Json:
    word = status_word(job)
    told = {"task_id": task_id, "status": word}
    if word == "in_progress":
        return told | {"progress": job.percent or 0}
    if word == "failed":
        return told | {"error": error(task_id, job)}
    return told


def error(task_id: str, job: Job) -> str:
    return f"Pipeline failed for task_id={task_id}: {job.error}"


def frame(task_id: str, job: Job) -> Json:
    """Return what the WebSocket sends: the status, and how far it is."""
    told = status(task_id, job)
    return {
        **told,
        "progress": job.percent or 0,
        "rows": job.rows,
        "bytes": job.size_bytes,
    }


def cancelling(task_id: str) -> Json:
    return {
        "message": f"Task {task_id} cancellation requested.",
        "status": "cancel_requested",
    }


def not_cancellable(task: ExportTask) -> str:
    word = status_word(task.job)
    return f"Task {task.pk} cannot be canceled as it is in '{word}' state."


def not_completed(task: ExportTask) -> str:
    word = status_word(task.job)
    return f"Task {task.pk} is not yet completed. Current status: {word}"


def task_failed(task: ExportTask) -> str:
    return f"Task failed: {error(task.pk, task.job)}"


def expired(until: datetime) -> str:
    return f"{NO_FILE} It was kept until {until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}."
