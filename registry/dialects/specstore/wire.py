"""The words of the spec store (contract 001)."""

from typing import Any

from registry.models import Pipeline, Revision
from registry.services import naive_iso
from registry.states import RunState

EMPTY = "Received empty contents (make sure your content-type is correct)"
NOT_AUTHORISED = "No token or token not authorised for owner"

STATES = {
    RunState.QUEUED: "QUEUED",
    RunState.INPROGRESS: "INPROGRESS",
    RunState.SUCCEEDED: "SUCCEEDED",
    RunState.FAILED: "FAILED",
}


def info(revision: Revision) -> dict[str, Any]:
    """Return the reply of 3.1.2; the keys are sorted when it is written."""
    reported = revision.pipelines.filter(reported=True).in_order()
    return {
        "certified": revision.dataset.certified,
        "error_log": revision.error_log,
        "id": revision.flow_id,
        "logs": revision.logs,
        "modified": naive_iso(revision.modified_at),
        "pipelines": {one.pipeline_id: _pipeline(one) for one in reported},
        "spec_contents": revision.spec,
        "state": STATES[RunState(revision.state)],
        "stats": revision.stats,
    }


def _pipeline(pipeline: Pipeline) -> dict[str, Any]:
    return {
        "title": pipeline.title,
        "status": STATES[RunState(pipeline.state)],
        "stats": pipeline.stats or {},
        "error_log": pipeline.error_log,
    }


def accepted(revision: Revision) -> dict[str, Any]:
    return _upload(str(revision.dataset), revision.flow_id, [])


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
