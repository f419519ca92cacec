"""FetchtoZip, described; its bodies are what pydantic makes of their models."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from exports.dialects.fetchtozip.wire import STATUSES
from exports.request import Configuration, Input
from tasks.dialects.describe import (
    AGAIN,
    ANY,
    BYTES,
    FILE,
    IDEMPOTENCY_KEY,
    TEXT,
    WHOLE,
    Fragment,
    Json,
    many,
    named,
    one_of,
    operation,
    parameter,
    record,
    reply,
)

SECURITY = ("exportKey", "")
WORDS = sorted({*STATUSES.values(), "cancel_requested"})
PERCENT: Json = {"type": "integer", "minimum": 0, "maximum": 100}

FAULT = record(
    {
        "type": TEXT,
        "loc": many({"type": ["string", "integer"]}),
        "msg": TEXT,
        "input": ANY,
    },
    {"ctx": {"type": "object"}},
)
STATUS = record(
    {"task_id": TEXT, "status": one_of(WORDS)}, {"progress": PERCENT, "error": TEXT}
)
PREVIEW = record(
    {
        "fields": many(record({"name": TEXT, "type": TEXT})),
        "rows": many(many(ANY)),
        "notes": many(TEXT),
        "requests": many(record({"method": TEXT, "url": TEXT, "headers": many(TEXT)})),
    },
    more=True,
)


def detail(about: str, *headers: str) -> Json:
    return reply(about, record({"detail": TEXT}), headers=headers)


INVALID = reply("What is wrong, and where.", named("Invalid"))
CALLER = {401: detail("No key of scope `export`.", "WWW-Authenticate")}
BODY = {**CALLER, 413: detail("It is too large."), 422: INVALID}
NO_TASK = {404: detail("There is no such task of this caller.")}
BUSY = {503: detail("The service has as much to do as it can hold.", *AGAIN)}
ECHO = {"type": "object", "description": "What was set; secrets are `***`."}


def _models(*models: type[BaseModel]) -> Json:
    """Return the schemas of bodies, those that they refer to among them."""
    wanted: Any = [(one, "validation") for one in models]
    template = "#/components/schemas/{model}"
    _, whole = models_json_schema(wanted, ref_template=template)
    schemas: Json = whole["$defs"]
    # `sort` also takes the text that stands for an object.
    key = schemas.pop("SortKey")
    schemas["SortKey"] = {"anyOf": [TEXT, key]}
    return {name: _lax(one) for name, one in schemas.items()}


def _lax(schema: Any) -> Any:
    """Let digits stand for a number, as the original does."""
    if isinstance(schema, list):
        return [_lax(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "integer":
        return {"anyOf": [schema, {"type": "string", "pattern": "^[+-]?[0-9]+$"}]}
    return {name: _lax(one) for name, one in schema.items()}


def _inputs() -> Json:
    made = record({"message": TEXT, "input": named("Input")})
    return operation(
        "Add a column, or replace the one of its name",
        {
            200: reply("It is saved.", made),
            400: detail("It has no name, or there are too many."),
            **BODY,
        },
        body=named("Input"),
        security=SECURITY,
    )


def _bulk_inputs() -> Json:
    counts = {"message": TEXT, "added_count": WHOLE, "updated_count": WHOLE}
    return operation(
        "Add several columns, all or none",
        {
            200: reply(
                "They are saved; those without a name are left out.", record(counts)
            ),
            400: detail("The list is empty, or there are too many."),
            **BODY,
        },
        body=many(named("Input")),
        security=SECURITY,
    )


def _inputs_list() -> Json:
    told = record({"inputs": many(named("Input")), "count": WHOLE})
    replies = {200: reply("In the order in which they came.", told), **CALLER}
    return operation("The caller's columns", replies, security=SECURITY)


def _inputs_clear() -> Json:
    replies = {200: reply("They are gone.", record({"message": TEXT})), **CALLER}
    return operation("Forget the caller's columns", replies, security=SECURITY)


def _configure() -> Json:
    told = record({"message": TEXT, "configuration": ECHO})
    return operation(
        "Replace the caller's configuration",
        {200: reply("It is set.", told), **BODY},
        body=named("Configuration"),
        security=SECURITY,
    )


def _preview() -> Json:
    invalid = record({"detail": {"anyOf": [many(named("Fault")), TEXT]}})
    return operation(
        "The first rows for such a configuration; nothing is kept",
        {
            200: reply("The rows, and the requests that would be made.", PREVIEW),
            400: detail("It names no source."),
            **BODY,
            422: reply("What is wrong with it, or with its source.", invalid),
            **BUSY,
        },
        body=named("Configuration"),
        security=SECURITY,
    )


def _start() -> Json:
    return operation(
        "Start a task of what was set up so far",
        {
            200: reply("It is started.", record({"message": TEXT, "task_id": TEXT})),
            400: detail("There are no columns, no configuration or no source."),
            **CALLER,
            409: detail("The key's first request is under way.", *AGAIN),
            413: BODY[413],
            422: detail("The Idempotency-Key was used with another request."),
            429: detail("The client has too many open jobs.", *AGAIN),
            **BUSY,
        },
        parameters=[IDEMPOTENCY_KEY],
        security=SECURITY,
    )


def _status() -> Json:
    replies = {200: reply("It.", STATUS), **CALLER, **NO_TASK}
    return operation("A task's state and progress", replies, security=SECURITY)


def _cancel() -> Json:
    told = record({"message": TEXT, "status": {"const": "cancel_requested"}})
    return operation(
        "Cancel a task; it is cancelled within a second",
        {
            200: reply("It is asked to stop.", told),
            400: detail("It has ended."),
            **CALLER,
            **NO_TASK,
        },
        security=SECURITY,
    )


def _download() -> Json:
    return operation(
        "The file of a completed task",
        {
            200: reply(
                "It.", BYTES, kind=FILE, headers=["ETag", "Content-Disposition"]
            ),
            206: reply("The part that was asked for.", BYTES, kind=FILE),
            304: {"description": "It is as known."},
            **CALLER,
            404: detail("There is no such task, or its file is no longer kept."),
            409: detail("It is not completed."),
            416: {"description": "The range is outside of the file."},
            500: detail("The task failed: the contract's status for that."),
        },
        parameters=[parameter("Range", "One range of bytes.", place="header")],
        security=SECURITY,
    )


def _socket() -> Json:
    return operation(
        "A WebSocket: a task's state, then each change",
        {
            101: {
                "description": "Text frames of JSON; closes with 1000 after the last."
            },
            **CALLER,
            404: detail("A request that is no handshake."),
        },
        about="Closes with 4404 where there is no such task.",
        security=SECURITY,
    )


FRAGMENT = Fragment(
    tag="exports",
    about="Fetch a table, change it, hand it out as a file (contract 003).",
    page="exports",
    paths={
        "/api/export/inputs": {"post": _inputs()},
        "/api/export/bulk-inputs": {"post": _bulk_inputs()},
        "/api/export/inputs-list": {"get": _inputs_list()},
        "/api/export/inputs-clear": {"delete": _inputs_clear()},
        "/api/export/configure": {"post": _configure()},
        "/api/export/preview": {"post": _preview()},
        "/api/export/start": {"post": _start()},
        "/api/export/status/{task_id}": {"get": _status()},
        "/api/export/cancel/{task_id}": {"delete": _cancel()},
        "/api/export/download/{task_id}": {"get": _download()},
        "/api/export/ws/{task_id}": {"get": _socket()},
    },
    schemas={
        **_models(Input, Configuration),
        "Fault": FAULT,
        "Invalid": record({"detail": many(named("Fault"))}),
    },
    security={
        "exportKey": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`token <key>`, a key of scope `export`.",
        }
    },
)
