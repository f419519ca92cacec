"""The spec store, described."""

from registry.dialects.paging import LONGEST_SEARCH, MOST
from registry.dialects.specstore.callback_wire import OUTCOMES, STATUSES
from registry.dialects.specstore.wire import CAUSES, STATES
from registry.spec import Findability
from tasks.dialects.describe import (
    AGAIN,
    ANY,
    IDEMPOTENCY_KEY,
    TEXT,
    TRUTH,
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

TOKEN = ("authToken", "jwt")
OWNER = (*TOKEN, "datasetsKey", "")
STATE = one_of(STATES.values())

UPLOAD = record(
    {
        "dataset_id": maybe(TEXT),
        "errors": many(TEXT),
        "flow_id": maybe(TEXT),
        "success": TRUTH,
    },
    {"callback_url": TEXT},
)
PIPELINE = record(
    {
        "title": TEXT,
        "status": STATE,
        "stats": by_name(ANY),
        "error_log": maybe(many(TEXT)),
    }
)
REVISION = record(
    {
        "certified": maybe(TRUTH),
        "error_log": many(TEXT),
        "id": TEXT,
        "logs": maybe(many(TEXT)),
        "modified": TEXT,
        "pipelines": by_name(PIPELINE),
        "spec_contents": {"type": "object"},
        "state": STATE,
        "stats": maybe(by_name(ANY)),
    }
)
CALLBACK = record(
    {},
    {
        "pipeline_id": {**TEXT, "description": "Or `pipeline`; a leading `./` is cut."},
        "pipeline": TEXT,
        "event": {**TEXT, "description": "queue, finish; all else is `running`."},
        "success": ANY,
        "log": ANY,
        "errors": ANY,
        "stats": ANY,
    },
    more=True,
)
TAKEN = record(
    {
        "errors": many(TEXT),
        "id": maybe(TEXT),
        "status": maybe(one_of(STATUSES.values())),
        "success": one_of(sorted(set(OUTCOMES.values()))),
    }
)
DATASET = record(
    {
        "id": TEXT,
        "title": TEXT,
        "findability": one_of(Findability),
        "certified": maybe(TRUTH),
        "revision": maybe(WHOLE),
        "state": maybe(STATE),
        "modified": maybe(TEXT),
    }
)
ENTRY = record(
    {
        "id": TEXT,
        "revision": WHOLE,
        "state": STATE,
        "findability": one_of(Findability),
        "cause": one_of(CAUSES.values()),
        "created": TEXT,
        "modified": TEXT,
        "finished": maybe(TEXT),
    }
)
# Uploads, and all that is refused of them, whatever the status.
SAID = reply("`success` says whether it was taken; if not, `errors` say why.", UPLOAD)
LATER = reply("There is too much open work.", UPLOAD, headers=AGAIN)
NOT_FOUND = reply("There is none that this caller may see.", named("Missing"))
PAGE = [
    parameter("q", "Words of name and title.", {**TEXT, "maxLength": LONGEST_SEARCH}),
    parameter("limit", "How many at most.", {**WHOLE, "minimum": 1, "maximum": MOST}),
    parameter("after", "The `next` of the page before."),
]


def _upload() -> Json:
    return operation(
        "Submit a source spec",
        {
            200: SAID,
            400: reply("The body, or the Idempotency-Key, is none.", UPLOAD),
            409: reply("The key's first request is under way.", UPLOAD, headers=AGAIN),
            413: reply("The body is too large.", UPLOAD),
            422: reply("The key was used with another request.", UPLOAD),
            429: LATER,
            503: LATER,
        },
        about="The contract answers 200 to nearly all: see `success`.",
        parameters=[IDEMPOTENCY_KEY],
        body={"type": "object"},
        security=TOKEN,
    )


def _update(*security: str) -> Json:
    return operation(
        "Report on a pipeline that runs elsewhere",
        {
            200: reply(
                "Whatever became of it: a runner takes all else for its failure.", TAKEN
            ),
            400: reply("The body is no JSON.", TAKEN),
        },
        body=CALLBACK,
        security=security,
    )


def _info() -> Json:
    return operation(
        "A revision: its state, pipelines, logs and spec",
        {200: reply("It.", REVISION), 404: reply("There is none.", named("Missing"))},
        about="`revision` is a number, `latest` or `successful`.",
        security=[""],
    )


def _list(summary: str, name: str, entry: Json) -> Json:
    page = record({name: many(entry), "next": maybe(TEXT)})
    replies = {
        200: reply("A page, newest first.", page),
        400: reply("A parameter cannot be.", named("Missing")),
        404: NOT_FOUND,
    }
    return operation(summary, replies, parameters=PAGE, security=OWNER)


FRAGMENT = Fragment(
    tag="specs",
    about="Source specs in, revisions of data sets out (contract 001).",
    page="specstore",
    paths={
        "/source/upload": {"post": _upload()},
        "/source/update": {"post": _update("callbackKey", "")},
        "/source/update/{token}": {"post": _update("")},
        "/source/{owner}": {"get": _list("An owner's data sets", "datasets", DATASET)},
        "/source/{owner}/{dataset}": {
            "get": _list("A data set's revisions", "revisions", ENTRY)
        },
        "/source/{owner}/{dataset}/{revision}": {"get": _info()},
    },
    schemas={"Missing": record({"error": TEXT}, {"message": TEXT})},
    security={
        "authToken": {
            "type": "apiKey",
            "in": "header",
            "name": "Auth-Token",
            "description": "A JWT of the auth server, RS256, for one owner.",
        },
        "jwt": {
            "type": "apiKey",
            "in": "query",
            "name": "jwt",
            "description": "The same; a header is better, as URLs are logged.",
        },
        "callbackKey": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`token <key>`, a key of scope `callback`.",
        },
        "datasetsKey": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`token <key>`, a key of scope `datasets`.",
        },
    },
)
