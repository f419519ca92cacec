"""Each request: an id in and out, and one line that says what became of it."""

import logging
import re
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any
from uuid import uuid4

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config import routes
from tasks import context
from tasks.dialects.asgi import Message, Receive, Send

App = Callable[[Message, Receive, Send], Awaitable[None]]

HEADER = b"x-request-id"
SANE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# W3C Trace Context, 3.2: only a later version than 00 may go on after the flags.
TRACEPARENT = re.compile(
    rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)
GONE = 499  # as nginx has it: the client went before there was an answer
STARTS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
LONGEST_PART = 32
# Machines ask these every few seconds; it is only of interest that one fails.
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
log = logging.getLogger(__name__)


def name_route(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Have Django say which route it found: a path itself may hold a secret."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        reply = get_response(request)
        if request.resolver_match:
            context.note(route=routes.django_path(request.resolver_match.route))
        return reply

    return middleware


async def logged(scope: Message, receive: Receive, send: Send, *, app: App) -> None:
    """Have a request or a WebSocket answered, and tell of it in the end."""
    began, status = monotonic(), GONE
    request_id = id_of(scope)

    async def sent(message: Message) -> None:
        nonlocal status
        if message["type"] in STARTS:
            status = message.get("status", 101)
            headers = [*message.get("headers", []), (HEADER, request_id.encode())]
            message = {**message, "headers": headers}
        await send(message)

    fields = {"request": request_id, **trace_of(scope), "route": shown(scope["path"])}
    with context.bound(fields):
        try:
            await app(scope, receive, sent)
        finally:
            ms = round((monotonic() - began) * 1000, 1)
            what = {"method": scope.get("method", "WS"), "status": status, "ms": ms}
            usual = scope["path"] in PROBES and status == 200
            log.log(logging.DEBUG if usual else logging.INFO, "answered", extra=what)


def id_of(scope: Message) -> str:
    """Return the id that the request comes with, if it is sane, else a new one."""
    given = _header(scope, HEADER)
    return given.decode() if SANE.fullmatch(given) else uuid4().hex


def trace_of(scope: Message) -> dict[str, str]:
    """Return the trace that the request is a part of, if it says so (W3C)."""
    found = TRACEPARENT.fullmatch(_header(scope, b"traceparent"))
    if found is None or (found[1] == b"00" and found[3] is not None):
        return {}
    return {"trace": found[2].decode()}


def shown(path: str) -> str:
    """Return how a path begins, for one of which nobody knows what is in it."""
    parts = [part[:LONGEST_PART] for part in path.split("/")[1:]]
    return "/" + "/".join([*parts[:2], *["…"] * (len(parts) > 2)])


def _header(scope: Any, wanted: bytes) -> bytes:
    found = [value for name, value in scope["headers"] if name == wanted]
    return bytes(found[0]) if len(found) == 1 else b""
