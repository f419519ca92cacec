"""Sharing, described (contract 002)."""

from collections.abc import Callable

from tasks.dialects.describe import (
    AGAIN,
    ANY,
    IDEMPOTENCY_KEY,
    TEXT,
    TRUTH,
    WHOLE,
    Fragment,
    Json,
    Paths,
    by_name,
    many,
    named,
    operation,
    parameter,
    record,
    reply,
)

KIND = "application/json; charset=utf-8"
TOKENS = ["X-Next-Token", "X-Last-Inserted-Token", "X-First-Token", "X-Last-Token"]
BY_KEY, BY_QUERY, TO_APPEND = ("shareKey",), ("shareKey", "apikey"), ("appendKey",)

EVENT = by_name({"anyOf": [TEXT, many(TEXT)]})
FAULT = record({"key": TEXT, "type": TEXT, "message": TEXT})
ERROR = record({"title": TEXT, "errors": many(FAULT)}, {"description": TEXT})
LINES: Json = {**TEXT, "description": "NDJSON: an event a line."}
COUNT = record({"count": WHOLE})
APPENDED = record({"batch": WHOLE, "count": WHOLE, "first": ANY, "last": ANY})

TIMES = "An ISO date or time, seconds since 1970, or from 0 down: seconds before now."
SELECTION = [
    parameter("start", f"{TIMES} Inclusive."),
    parameter("end", f"{TIMES} Exclusive."),
    parameter("filter", "A rule, such as `cc = FI`."),
]
PAGING = [
    parameter("projection", "Keys to keep; given several times, or with commas."),
    parameter("sort", "By insertion; without it by event time.", {"const": "_id"}),
    parameter("reverse", "Newest first.", TRUTH),
    parameter("limit", "Events at most.", {**WHOLE, "minimum": 1, "maximum": 100_000}),
    parameter("token", "One of the four tokens of an earlier result."),
]


def error(about: str, *headers: str) -> Json:
    return reply(about, named("ShareError"), kind=KIND, headers=headers)


NO_ENTRY = {
    401: error("No key of the scope that is needed.", "WWW-Authenticate"),
    403: error("The key's client may not read this share."),
    404: error("There is no such share, batch or query."),
}
FULL = {503: error("There is too much work; ask later.", *AGAIN)}
BAD = {400: error("Each parameter that is no good, by its `key`.")}
ONCE = {
    409: error("The Idempotency-Key's first request is under way.", *AGAIN),
    422: error("The Idempotency-Key was used with another request."),
}


def _submit(*, count: bool) -> Json:
    return operation(
        "Ask for the number of events" if count else "Ask for events (phase 1)",
        {
            202: {
                "description": "`Location` is where to ask for its state.",
                "headers": {"Location": {"schema": TEXT}},
            },
            **BAD,
            **NO_ENTRY,
            **ONCE,
            **FULL,
        },
        about="The body is empty. A bad `token` is told with the result.",
        parameters=[*SELECTION, *PAGING, IDEMPOTENCY_KEY],
        security=BY_KEY,
    )


def _status() -> Json:
    where = {"headers": {"Location": {"schema": TEXT}}}
    return operation(
        "How far a query is (phase 2)",
        {
            202: {"description": "Ask again after `Retry-After` seconds.", **where},
            302: {"description": "`Location` is where its results are.", **where},
            **BAD,
            **NO_ENTRY,
            410: error("Its results were fetched, or `X-STATUS: Job expired`."),
            500: error("It has failed."),
        },
        security=BY_KEY,
    )


def _fetch() -> Json:
    result = {"anyOf": [many(EVENT), COUNT]}
    return operation(
        "A query's results, once (phase 3)",
        {
            200: reply("Events, or their number.", result, kind=KIND, headers=TOKENS),
            400: error("The `token` or the `filter` was no good."),
            **NO_ENTRY,
            410: error("They were fetched, or `X-STATUS: Job expired`."),
            500: error("It has failed."),
        },
        security=BY_KEY,
    )


def _direct(*, count: bool) -> Json:
    result = COUNT if count else many(EVENT)
    return operation(
        "The number of events, at once" if count else "Events, at once",
        {
            200: reply("The result.", result, kind=KIND, headers=TOKENS),
            **BAD,
            **NO_ENTRY,
            **FULL,
        },
        parameters=[*SELECTION, *PAGING],
        security=BY_QUERY,
    )


def _append() -> Json:
    return operation(
        "Append events to the stream of a share, all or none",
        {
            201: reply("They are appended.", APPENDED, kind=KIND),
            400: error("What is wrong, and where."),
            **NO_ENTRY,
            **ONCE,
            413: error("The body, or a value in it, is too large."),
            **FULL,
        },
        parameters=[IDEMPOTENCY_KEY],
        body={"anyOf": [many(EVENT), EVENT, LINES]},
        security=TO_APPEND,
    )


def _queries(below: str, method: str, describe: Callable[..., Json]) -> Paths:
    """Give the events and the number of a whole share, and of one batch."""
    return {
        f"{below}/{{share_id}}{batch}{end}": {method: describe(count=bool(end))}
        for batch in ("", "/{index}")
        for end in ("", "/count")
    }


FRAGMENT = Fragment(
    tag="sharing",
    about="Events of shares, by their time or as they came (contract 002).",
    page="sharing",
    paths={
        **_queries("/shares/v2/async", "post", _submit),
        "/shares/v2/async/{share_id}/jobs/{job_id}": {"get": _status()},
        "/shares/v2/async/{share_id}/results/{job_id}": {"get": _fetch()},
        **_queries("/shares/v2", "get", _direct),
        **_queries("/shares", "get", _direct),
        "/shares/v2/{share_id}/events": {"post": _append()},
    },
    schemas={"ShareError": ERROR},
    security={
        "shareKey": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`token <key>`, a key of scope `share`.",
        },
        "apikey": {
            "type": "apiKey",
            "in": "query",
            "name": "apikey",
            "description": "The same key, where the reply is immediate.",
        },
        "appendKey": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`token <key>`, a key of scope `append`.",
        },
    },
)
