"""What Django's middleware asks of each request, for those that do not reach it."""

from collections.abc import Mapping
from io import BytesIO
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware

from tasks.dialects.asgi import Message

SCHEMES = {"ws": "http", "wss": "https"}


class Barred(Exception):
    """The request may not come in; the status and headers say why."""

    def __init__(
        self, status: int, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


def let_in(scope: Message) -> dict[str, str]:
    """Check a request's host and scheme; return the headers its reply is to have.

    Raises:
        Barred: a host that is not served, or plain HTTP where HTTPS is demanded.
    """
    request = _request(scope)
    try:
        request.get_host()
    except DisallowedHost:
        raise Barred(400, "This host is not served here.") from None
    reply = _secured(request)
    headers = {k: v for k, v in reply.items() if k != "Content-Type"}
    if reply.status_code != 200:
        raise Barred(reply.status_code, "HTTPS is required.", headers)
    return headers


def let_in_socket(scope: Message) -> None:
    """Check a WebSocket's handshake: host, scheme, and the page it comes from.

    A browser lets any page open a WebSocket anywhere, with that place's cookies.

    Raises:
        Barred: it is not to be accepted.
    """
    try:
        let_in(scope)
    except Barred as barred:  # no client follows a redirect of a handshake
        status = barred.status if barred.status >= 400 else 403
        raise Barred(status, str(barred)) from None
    request = _request(scope)
    origin = request.headers.get("Origin", "")
    if not (
        not origin or is_allowed(origin) or _is_of(origin, host=request.get_host())
    ):
        raise Barred(403, "Pages of this origin may not connect.")


def is_allowed(origin: str) -> bool:
    return origin in settings.CORS_ORIGINS or "*" in settings.CORS_ORIGINS


def cors(scope: Message) -> dict[str, str]:
    """Return what a page of another origin must be told, as tasks.dialects.cors."""
    origin = _request(scope).headers.get("Origin", "")
    if not (origin and is_allowed(origin)):
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


def _is_of(origin: str, *, host: str) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False


def _request(scope: Message) -> HttpRequest:
    scheme = SCHEMES.get(scope["scheme"], scope["scheme"])
    seen = {"method": "GET", **scope, "scheme": scheme}
    return ASGIRequest(seen, BytesIO())


def _secured(request: HttpRequest) -> HttpResponse:
    reply = SecurityMiddleware(lambda _: HttpResponse())(request)
    assert isinstance(reply, HttpResponse)  # noqa: S101 - it is not a coroutine
    return reply
