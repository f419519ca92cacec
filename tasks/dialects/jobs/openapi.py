"""The jobs API, described."""

from tasks.dialects.describe import (
    AGAIN,
    ANY,
    IDEMPOTENCY_KEY,
    NUMBER,
    TEXT,
    TIME,
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
from tasks.dialects.jobs.problems import CONTENT_TYPE
from tasks.dialects.jobs.query import LONGEST_WAIT_S, MOST
from tasks.models import JobEvent
from tasks.states import JobState
from tasks.waits import For

SECURITY = ("jobsKey", "jobsBearer")

PROBLEM = record(
    {
        "type": {"const": "about:blank"},
        "title": TEXT,
        "status": WHOLE,
        "detail": TEXT,
        "instance": TEXT,
    },
    {"parameter": TEXT, "state": one_of(JobState), "kind": TEXT},
)
PROGRESS = record(
    {
        "done": WHOLE,
        "total": maybe(WHOLE),
        "percent": maybe({"type": "integer", "minimum": 0, "maximum": 100}),
        "rows": WHOLE,
        "bytes": WHOLE,
    }
)
LINKS = record(
    {"self": TEXT, "events": TEXT}, {"cancel": TEXT, "retry": TEXT, "result": TEXT}
)
SUMMARY: Json = {
    "id": UUID,
    "kind": TEXT,
    "state": one_of(JobState),
    "rev": WHOLE,
    "progress": PROGRESS,
    "error": maybe(record({"code": TEXT, "message": TEXT})),
    "attempt": WHOLE,
    "max_attempts": WHOLE,
    "retries": WHOLE,
    "max_retries": WHOLE,
    "queued_at": TIME,
    "started_at": maybe(TIME),
    "finished_at": maybe(TIME),
    "deadline_at": maybe(TIME),
    "cancel_requested_at": maybe(TIME),
    "links": LINKS,
}
WAITING = record(
    {"for": one_of(For)},
    {"until": TIME, "ahead": WHOLE, "serial": {"type": "boolean"}},
)
EVENT = record(
    {"id": WHOLE, "at": TIME, "kind": one_of(JobEvent.Kind), "data": by_name(ANY)}
)


def problem(about: str, *headers: str) -> Json:
    return reply(about, named("Problem"), kind=CONTENT_TYPE, headers=headers)


BAD = problem("A parameter is not what it should be; `parameter` names it.")
UNKNOWN = problem("No API key of scope `jobs`.", "WWW-Authenticate")
NO_JOB = problem("There is no such job of this client.")
FULL = {
    429: problem("The client waits for too much, or has too many open jobs.", *AGAIN),
    503: problem("The service has as much to do as it can hold.", *AGAIN),
}
LIMIT = parameter(
    "limit", "How many at most.", {"type": "integer", "minimum": 1, "maximum": MOST}
)
AFTER_EVENT = parameter(
    "after",
    "The id of an event: what came after it.",
    {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
)
EVENTS = record({"events": many(EVENT), "next": maybe(WHOLE)})
EVENT_STREAM = {"text/event-stream": {"schema": TEXT}}


def _jobs() -> Json:
    return operation(
        "A client's jobs, newest first",
        {
            200: reply(
                "A page.", record({"jobs": many(record(SUMMARY)), "next": maybe(TEXT)})
            ),
            400: BAD,
            401: UNKNOWN,
        },
        parameters=[
            parameter("state", f"Of {', '.join(JobState)}; several with commas."),
            parameter("kind", "Such as `exports.export`."),
            parameter("since", "Queued then or later.", TIME),
            parameter("until", "Queued before.", TIME),
            LIMIT,
            parameter("after", "The `next` of the page before."),
        ],
        security=SECURITY,
    )


def _job() -> Json:
    return operation(
        "A job, at once or when it has changed",
        {
            200: reply("The job.", named("Job"), headers=["Preference-Applied"]),
            400: BAD,
            401: UNKNOWN,
            404: NO_JOB,
            **FULL,
        },
        parameters=[
            parameter(
                "wait",
                f"Wait so many seconds for a change, {LONGEST_WAIT_S:.0f} at most.",
                {**NUMBER, "minimum": 0, "maximum": 999_999_999},
            ),
            parameter(
                "rev",
                "Wait until it is beyond this.",
                {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
            ),
            parameter("Prefer", "`wait=N`, as RFC 7240 has it.", place="header"),
        ],
        security=SECURITY,
    )


def _cancel() -> Json:
    return operation(
        "Cancel a job",
        {
            202: reply("It ends within a second.", named("Job")),
            401: UNKNOWN,
            404: NO_JOB,
            409: problem("It has ended; `state` says how."),
        },
        security=SECURITY,
    )


def _events() -> Json:
    page = reply("A page, or a stream.", EVENTS)
    page["content"] |= EVENT_STREAM
    return operation(
        "A job's log, as a page or as it comes",
        {
            200: page,
            204: {"description": "A stream of a job that has ended has no more."},
            400: BAD,
            401: UNKNOWN,
            404: NO_JOB,
            **FULL,
        },
        about="With `Accept: text/event-stream` its events are sent as they come.",
        parameters=[
            AFTER_EVENT,
            LIMIT,
            parameter(
                "Last-Event-ID", "Where a stream goes on.", WHOLE, place="header"
            ),
        ],
        security=SECURITY,
    )


def _retry() -> Json:
    return operation(
        "Try a failed or cancelled job once more",
        {
            202: reply("It is queued, and goes on where it was.", named("Job")),
            400: BAD,
            401: UNKNOWN,
            404: NO_JOB,
            409: problem("There is nothing to retry, or it is not safe.", *AGAIN),
            413: problem("The body is too large."),
            422: problem("The Idempotency-Key was used with another request."),
            **FULL,
        },
        parameters=[IDEMPOTENCY_KEY],
        security=SECURITY,
    )


def _socket() -> Json:
    return operation(
        "A WebSocket: a job, then the job at each change",
        {
            101: {"description": "Text frames, each a Job; closes with 1000 after it."},
            401: UNKNOWN,
            404: reply("A request that is no handshake.", ANY, kind="*/*"),
        },
        about="Closes with 4404 where there is no such job.",
        security=SECURITY,
    )


FRAGMENT = Fragment(
    tag="jobs",
    about="Whatever the service does for a client: how far it is, cancel, retry.",
    page="jobs",
    paths={
        "/jobs": {"get": _jobs()},
        "/jobs/{job_id}": {"get": _job(), "delete": _cancel()},
        "/jobs/{job_id}/events": {"get": _events()},
        "/jobs/{job_id}/retry": {"post": _retry()},
        "/ws/jobs/{job_id}": {"get": _socket()},
    },
    schemas={
        "Job": record({**SUMMARY, "waiting": maybe(WAITING)}),
        "Problem": PROBLEM,
    },
    security={
        "jobsKey": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`token <key>`, a key of scope `jobs`.",
        },
        "jobsBearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "The same key as a bearer token.",
        },
    },
)
