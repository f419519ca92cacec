"""The words of the spec store's callbacks (contract 3.1.6)."""

from typing import Any

import orjson

from registry.callbacks import Callback
from registry.models import Revision
from registry.spec_read import storage_faults
from registry.states import RunState
from tasks.engine.storable import fit

NO_PIPELINE = "Missing pipeline"
NO_EVENT = "Missing event"
NOT_FOUND = "pipeline not found"

STATUSES = {
    RunState.QUEUED: "pending",
    RunState.INPROGRESS: "running",
    RunState.SUCCEEDED: "success",
    RunState.FAILED: "failed",
}
# What the original's README promises beside the `status` that its code sends.
OUTCOMES = {
    RunState.QUEUED: "pending",
    RunState.INPROGRESS: "pending",
    RunState.SUCCEEDED: "success",
    RunState.FAILED: "fail",
}


class Unusable(Exception):
    """The body lacks what a callback cannot do without; the message is the reply's."""


def read_callback(body: object) -> Callback:
    """Read what a runner sent; raise Unusable where no pipeline or event is named."""
    said = body if isinstance(body, dict) else {}
    pipeline_id = _word(said, "pipeline_id") or _word(said, "pipeline")
    event = _word(said, "event")
    if not pipeline_id:
        raise Unusable(NO_PIPELINE)
    if not event:
        raise Unusable(NO_EVENT)
    return Callback(
        pipeline_id=pipeline_id.removeprefix("./"),
        state=_state(event, succeeded=bool(said.get("success"))),
        log=_lines(said.get("log")),
        errors=_lines(said.get("errors")),
        stats=_stats(said.get("stats")),
    )


def _word(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _state(event: str, *, succeeded: bool) -> RunState:
    match event:
        case "queue":
            return RunState.QUEUED
        case "finish":
            return RunState.SUCCEEDED if succeeded else RunState.FAILED
        case _:
            return RunState.INPROGRESS


def _lines(value: object) -> list[str]:
    """Return a list of text, whatever form a runner gives its log or errors in."""
    lines = value if isinstance(value, list) else [value] if value else []
    return [fit(one if isinstance(one, str) else _shown(one)) for one in lines]


def _shown(value: object) -> str:
    # What is nested too deeply for storage is so for the writer of JSON as well.
    return "?" if storage_faults(value) else orjson.dumps(value).decode()


def _stats(value: object) -> dict[str, Any]:
    # Stats that no database takes back must not cost a runner its `finish`.
    return value if isinstance(value, dict) and not storage_faults(value) else {}


def taken(revision: Revision, callback: Callback) -> dict[str, Any]:
    state = RunState(revision.state)
    return {
        "errors": callback.errors,
        "id": revision.flow_id,
        "status": STATUSES[state],
        "success": OUTCOMES[state],
    }


def untaken(why: str) -> dict[str, Any]:
    return {"errors": [why], "id": None, "status": None, "success": "fail"}
