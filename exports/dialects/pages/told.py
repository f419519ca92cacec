"""What the export page is told: how an export stands, and what is wrong where."""

from collections.abc import Iterable
from typing import Any

import orjson
from django.utils import timezone
from pydantic import ValidationError

from exports.models import ExportTask
from exports.request_faults import Fault
from exports.tables.errors import BadHeader, BadRule, UnknownColumn
from tasks.models import Artifact, Job
from tasks.states import JobState

Json = dict[str, Any]

STATES = {
    JobState.QUEUED: "queued",
    JobState.INPROGRESS: "running",
    JobState.SUCCEEDED: "done",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}
MOST_FAULTS = 20
# Parts of the request that stand in one field of the page.
FIELDS = {"inputs": "columns", "select": "columns", "types": "columns"}


def progress(job: Job) -> Json:
    """Tell how far a job is; `seconds` is how long it has run.

    It asks no database for the time, as sockets tell this from the event loop.
    """
    ends_at = job.finished_at or timezone.now()
    began_at = job.started_at or ends_at
    return {
        "state": STATES[JobState(job.state)],
        "progress": job.percent,
        "rows": job.rows,
        "bytes": job.size_bytes,
        "seconds": max(0.0, round((ends_at - began_at).total_seconds(), 1)),
        "stopping": job.cancel_requested_at is not None,
        "error": job.error if job.state == JobState.FAILED else "",
    }


def frame(job: Job) -> bytes:
    return orjson.dumps(progress(job))


def export(task: ExportTask) -> Json:
    file = task.artifact and _file(task, task.artifact)
    return {"id": task.pk, **progress(task.job), "file": file}


def _file(task: ExportTask, artifact: Artifact) -> Json:
    return {
        "at": f"/export/new/{task.pk}/file",
        "name": task.download_name(artifact),
        "bytes": artifact.size_bytes,
        "rows": artifact.rows,
        "sha256": artifact.digest,
        "notes": list(_notes(artifact.receipt)),
    }


def _notes(receipt: Json) -> Iterable[str]:
    if misfitted := receipt.get("misfitted"):
        yield f"{misfitted:,} cells are not of the type you chose, and were left empty."
    if remarked := receipt.get("remarked"):
        yield f"{remarked:,} cells could not be written exactly as they were."


def wrong(field: str, message: str, position: int | None = None) -> Json:
    return {"field": field, "message": message, "position": position}


def of_validation(error: ValidationError) -> list[Json]:
    """Tell what is wrong with a body, without quoting it."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [wrong(_field(one["loc"]), one["msg"]) for one in found[:MOST_FAULTS]]


def _field(loc: tuple[int | str, ...]) -> str:
    parts = [str(part) for part in loc]
    parts = parts[1:] if parts[:1] == ["configuration"] else parts
    name = parts[0] if parts else ""
    return FIELDS.get(name, name)


def of_faults(faults: Iterable[Fault]) -> list[Json]:
    return [
        wrong(_field(one.loc[:1]), one.msg, one.ctx.get("position"))
        for one in list(faults)[:MOST_FAULTS]
    ]


def of_preview(error: BaseException) -> Json:
    """Tell why there is no preview, next to the field that has to do with it."""
    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case BadRule():
                return wrong("filter", str(error), cause.position)
            case UnknownColumn() | BadHeader():
                return wrong("columns", str(error))
        cause = cause.__cause__
    return wrong("source_url", str(error))
