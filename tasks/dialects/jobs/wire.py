"""The words of the jobs API."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from tasks.models import Job, JobEvent
from tasks.states import FINAL, OPEN, JobState
from tasks.waits import For, Wait

Json = dict[str, Any]
Kind = JobEvent.Kind

# What a client may know of an event; a note's data are its handler's own words.
TOLD: dict[str, tuple[str, ...]] = {
    Kind.MOVED: ("from", "to"),
    Kind.RETRY: ("code", "message", "wait_s"),
    Kind.ERROR: ("code", "message"),
}


def job(job: Job, *, wait: Wait | None, result: str | None) -> Json:
    return summary(job, result=result) | {"waiting": wait and waiting(wait)}


def summary(job: Job, *, result: str | None) -> Json:
    """Return what a list tells of a job: all but why it waits."""
    return {
        "id": str(job.pk),
        "kind": job.kind,
        "state": job.state,
        "rev": job.rev,
        "progress": {
            "done": job.done,
            "total": job.total,
            "percent": job.percent,
            "rows": job.rows,
            "bytes": job.size_bytes,
        },
        "error": _error(job),
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "retries": job.retries,
        "max_retries": job.max_retries,
        "queued_at": time(job.queued_at),
        "started_at": time(job.started_at),
        "finished_at": time(job.finished_at),
        "deadline_at": time(job.deadline_at),
        "cancel_requested_at": time(job.cancel_requested_at),
        "links": _links(job, result),
    }


def waiting(wait: Wait) -> Json:
    match wait.cause:
        case For.RETRY | For.TIME:
            return {"for": wait.cause, "until": time(wait.until)}
        case For.LANE:
            return {"for": wait.cause, "ahead": wait.ahead, "serial": wait.in_turn}
    return {"for": wait.cause}


def event(one: JobEvent) -> Json:
    data = one.data
    if one.kind != Kind.NOTE:
        data = {name: data[name] for name in TOLD.get(one.kind, ()) if name in data}
    return {"id": one.pk, "at": time(one.at), "kind": one.kind, "data": data}


def time(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def may_retry(job: Job) -> bool:
    again = job.state in FINAL and job.state != JobState.SUCCEEDED
    return again and job.kind in settings.CLIENTS_RETRY


def _error(job: Job) -> Json | None:
    if not job.error_code:
        return None
    return {"code": job.error_code, "message": job.error}


def _links(job: Job, result: str | None) -> Json:
    path = f"/jobs/{job.pk}"
    links = {"self": path, "events": f"{path}/events"}
    if job.state in OPEN:
        links["cancel"] = path
    if may_retry(job):
        links["retry"] = f"{path}/retry"
    if result:
        links["result"] = result
    return links
