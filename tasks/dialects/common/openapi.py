"""The common API, described."""

from collections.abc import Sequence

from tasks.dialects.common.bodies import LONGEST_ATTRIBUTES
from tasks.dialects.describe import (
    AGAIN,
    ANY,
    BYTES,
    FILE,
    IDEMPOTENCY_KEY,
    NOTHING,
    PLAIN,
    TEXT,
    TRUTH,
    UUID,
    WHOLE,
    Fragment,
    Json,
    by_name,
    many,
    maybe,
    named,
    one_of,
    operation,
    parameter,
    record,
    reply,
)
from tasks.models import OnFailure, Phase, ResultType
from tasks.models.task import LONGEST_FILE_NAME

SECURITY = ("oidc",)
TASK_ID = {**parameter("id", "The task.", UUID), "required": True}
PERCENT: Json = {"type": "integer", "minimum": 0, "maximum": 100}

STATUS: Json = {
    "task_id": UUID,
    "status": one_of(Phase),
    "assets_downloaded": PERCENT,
    "result_id": maybe(TEXT),
    "result_type": maybe(one_of(ResultType)),
}
MORE: Json = {"assets_announced": WHOLE, "assets_failed": WHOLE, "processor": TEXT}
CREATED = record({"task_id": UUID, "attributes": many(TEXT), "assets_per_batch": WHOLE})
ASSET = record(
    {
        "file_name": {"type": "string", "minLength": 1, "maxLength": LONGEST_FILE_NAME},
        "download_url": {"type": "string", "format": "uri"},
    },
    {
        "attributes": {
            **maybe(by_name(ANY)),
            "description": f"{LONGEST_ATTRIBUTES >> 10} KiB of JSON at most.",
        }
    },
    more=True,
)
BATCH = record(
    {"task_id": UUID, "data": many(ASSET)},
    {
        "last": {
            **maybe(TRUTH),
            "description": "No more assets come: an extension.",
        }
    },
    more=True,
)
WANTED = record(
    {},
    {
        "processor": {**maybe(TEXT), "description": "archive, catalogue, gallery, …"},
        "on_failure": maybe(one_of(OnFailure)),
    },
)


def envelope(data: Json, message: Json = NOTHING) -> Json:
    return record({"success": {"const": True}, "message": message, "data": data})


def refused(about: str, *headers: str) -> Json:
    return reply(about, named("Refused"), headers=headers)


CALLER = {
    401: refused("No access token, or none to trust.", "WWW-Authenticate"),
    403: refused("The token has not the scope.", "WWW-Authenticate"),
    503: refused("The provider, or the service, cannot do it now.", *AGAIN),
}
NO_TASK = {404: refused("There is no such task of this client.")}
BAD_ID = {400: refused("`id` is missing, or no UUID.")}
BODY = {400: refused("What is wrong, and where."), 413: refused("It is too large.")}
ONCE = {
    409: refused("The key's first request is under way.", *AGAIN),
    422: refused("The Idempotency-Key was used with another request."),
    429: refused("The client has too many open jobs.", *AGAIN),
}
CLOSED = {409: refused("The task takes no assets any more.", *AGAIN)}
DONE = {200: reply("It is done.", envelope(NOTHING))}


def _of_task(summary: str, replies: dict[int, Json], more: Sequence[Json] = ()) -> Json:
    return operation(
        summary,
        {**replies, **BAD_ID, **CALLER, **NO_TASK},
        parameters=[TASK_ID, *more],
        security=SECURITY,
    )


def _create() -> Json:
    return operation(
        "Make a task",
        {200: reply("The task.", envelope(CREATED)), **BODY, **CALLER, **ONCE},
        about="The contract has no body; ours may say what is made, and of how much.",
        parameters=[IDEMPOTENCY_KEY],
        body=WANTED,
        needs_body=False,
        security=SECURITY,
    )


def _status() -> Json:
    told = {
        "success": TRUTH,
        "message": maybe(TEXT),
        "data": record({**STATUS, **MORE}),
        **STATUS,
    }
    return _of_task("How far a task is", {200: reply("Its status.", record(told))})


def _announce() -> Json:
    return operation(
        "Name assets to be fetched, all of a batch or none",
        {**DONE, **BODY, **CALLER, **NO_TASK, **ONCE, **CLOSED},
        parameters=[IDEMPOTENCY_KEY],
        body=BATCH,
        security=SECURITY,
    )


def _start() -> Json:
    started = {**DONE, **CLOSED, 429: ONCE[429]}
    return _of_task("Say that no more assets come", started)


def _result() -> Json:
    ready = reply(
        "A file, JSON, or the envelope with a website's URL.",
        BYTES,
        kind=FILE,
        headers=["ETag", "Content-Disposition", "Location"],
    )
    return _of_task(
        "The result of a completed task",
        {
            200: ready,
            206: reply("The part that was asked for.", BYTES, kind=FILE),
            304: {"description": "It is as known."},
            409: refused("It is not COMPLETED."),
            416: {"description": "The range is outside of the file."},
        },
        [parameter("Range", "One range of bytes.", place="header")],
    )


def _pending() -> Json:
    return operation(
        "How many tasks are not finished, for Prometheus",
        {200: reply("pending_tasks_total", TEXT, kind=PLAIN)},
        security=[""],
    )


def _page() -> Json:
    return operation(
        "A page of a result that is a website",
        {
            200: reply("It.", BYTES, kind=FILE),
            404: reply("There is none, or no longer.", ANY, kind=FILE),
        },
        security=[""],
    )


FRAGMENT = Fragment(
    tag="tasks",
    about="Assets in, a ZIP, a catalogue or a website out (contract 004).",
    page="tasks",
    paths={
        "/api/v1/task": {
            "post": _create(),
            "get": _status(),
            "delete": _of_task("Stop a task and remove its files", DONE),
        },
        "/api/v1/assets": {"post": _announce()},
        "/api/v1/task/start": {"post": _start()},
        "/api/v1/result": {"get": _result()},
        "/api/v1/status": {"get": _pending()},
        "/results/{task_id}/{path}": {"get": _page()},
    },
    schemas={
        "Refused": record(
            {"success": {"const": False}, "message": TEXT, "data": NOTHING}
        )
    },
    security={
        "oidc": {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token of OIDC_ISSUER, of scope read or write.",
        }
    },
)
