"""Databox, described."""

from exports.dialects.databox.wire import WORDS
from tasks.dialects.describe import (
    AGAIN,
    ANY,
    FILE,
    IDEMPOTENCY_KEY,
    NUMBER,
    PLAIN,
    TEXT,
    UUID,
    Fragment,
    Json,
    named,
    one_of,
    operation,
    parameter,
    record,
    reply,
)

SECURITY = ("databoxHeader", "databoxBasic")

ASKED = record(
    {
        "id": {**TEXT, "description": "Empty for a new delivery, else its id."},
        "uri": {**TEXT, "description": "Where the data is posted to."},
        "data": {**TEXT, "description": "A JSON object or array, as text."},
    },
    more=True,
)
ANSWER = record({}, {"status": TEXT, "body": TEXT})
TOLD = record({"id": UUID, "state": one_of(WORDS.values()), "ext_response": ANSWER})


def text(about: str, *headers: str) -> Json:
    return reply(about, TEXT, kind=PLAIN, headers=headers)


REPLIES = {
    200: reply("The delivery; its answer once, when it is Finished.", named("Told")),
    400: text("The Idempotency-Key is none."),
    401: text("No macaroon or API key that is good for this."),
    404: text("The body cannot be decoded, or there is no such delivery."),
    409: text("The key's first request is under way.", *AGAIN),
    413: text("The body is too large."),
    422: text("The Idempotency-Key was used with another request."),
    429: text("The client has too many open jobs, or waits for too much.", *AGAIN),
    503: text("The service has as much to do as it can hold.", *AGAIN),
}
TIMEOUT = parameter("timeout", "Seconds to wait, 60 at most.", {**NUMBER, "default": 5})


def _socket() -> Json:
    return operation(
        "A WebSocket: deliveries in frames, each change pushed",
        {
            101: {"description": "Text frames, as the bodies of POST /export."},
            401: text("Missing/Invalide API key/token"),
            404: reply("A request that is no handshake.", ANY, kind=FILE),
        },
        security=SECURITY,
    )


FRAGMENT = Fragment(
    tag="deliveries",
    about="Hand data over to be posted, and ask for the answer (contract 000).",
    page="deliveries",
    paths={
        "/export": {
            "post": operation(
                "Hand data over, or ask for the state",
                REPLIES,
                parameters=[IDEMPOTENCY_KEY],
                body=named("Asked"),
                security=SECURITY,
            )
        },
        "/lp/export": {
            "post": operation(
                "Hand data over, or wait for a change of the state",
                REPLIES,
                parameters=[TIMEOUT, IDEMPOTENCY_KEY],
                body=named("Asked"),
                security=SECURITY,
            )
        },
        "/ws/export": {"get": _socket()},
    },
    schemas={"Asked": ASKED, "Told": TOLD},
    security={
        "databoxHeader": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Api-Key",
            "description": "A macaroon, or an API key of scope `deliver`.",
        },
        "databoxBasic": {
            "type": "http",
            "scheme": "basic",
            "description": "The same as the user name; the password is not looked at.",
        },
    },
)
