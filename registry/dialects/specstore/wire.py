"""The words of the spec store (contract 001)."""

from typing import Any

from registry.listing import DatasetEntry, RevisionEntry
from registry.models import Revision
from registry.models.dataset import Cause
from registry.services import naive_iso
from registry.states import RunState
from registry.told import Told, ToldPipeline

EMPTY = "Received empty contents (make sure your content-type is correct)"
NOT_AUTHORISED = "No token or token not authorised for owner"

STATES = {
    RunState.QUEUED: "QUEUED",
    RunState.INPROGRESS: "INPROGRESS",
    RunState.SUCCEEDED: "SUCCEEDED",
    RunState.FAILED: "FAILED",
}
CAUSES = {
    Cause.UPLOAD: "upload",
    Cause.SCHEDULE: "schedule",
    Cause.STAFF: "staff",
    Cause.RESTORE: "restore",
}


def info(told: Told) -> dict[str, Any]:
    """Return the reply of 3.1.2; the keys are sorted when it is written."""
    return {
        "certified": told.certified,
        "error_log": told.error_log,
        "id": told.flow_id,
        "logs": told.logs,
        "modified": naive_iso(told.modified_at),
        "pipelines": {one.pipeline_id: _pipeline(one) for one in told.pipelines},
        "spec_contents": told.spec,
        "state": STATES[told.state],
        "stats": told.stats,
    }


def _pipeline(pipeline: ToldPipeline) -> dict[str, Any]:
    return {
        "title": pipeline.title,
        "status": STATES[pipeline.state],
        "stats": pipeline.stats or {},
        "error_log": pipeline.error_log,
    }


def accepted(
    revision: Revision, *, errors: list[str], callback_url: str | None
) -> dict[str, Any]:
    reply = _upload(str(revision.dataset), revision.flow_id, errors)
    return reply | ({"callback_url": callback_url} if callback_url else {})


def refused(errors: list[str], *, dataset_id: str | None = None) -> dict[str, Any]:
    return _upload(dataset_id, None, errors)


def _upload(
    dataset_id: str | None, flow_id: str | None, errors: list[str]
) -> dict[str, Any]:
    return {
        "dataset_id": dataset_id,
        "errors": errors,
        "flow_id": flow_id,
        "success": not errors,
    }


def dataset_entry(one: DatasetEntry) -> dict[str, Any]:
    return {
        "id": f"{one.owner}/{one.name}",
        "title": one.title,
        "findability": one.findability,
        "certified": one.certified,
        "revision": one.newest,
        "state": one.state and STATES[RunState(one.state)],
        "modified": one.modified_at and naive_iso(one.modified_at),
    }


def revision_entry(owner: str, dataset: str, one: RevisionEntry) -> dict[str, Any]:
    return {
        "id": f"{owner}/{dataset}/{one.number}",
        "revision": one.number,
        "state": STATES[RunState(one.state)],
        "findability": one.findability,
        "cause": CAUSES[Cause(one.cause)],
        "created": naive_iso(one.created_at),
        "modified": naive_iso(one.modified_at),
        "finished": one.finished_at and naive_iso(one.finished_at),
    }
