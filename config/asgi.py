"""One port: what waits is answered on the event loop, all else by Django in threads."""

from typing import Any, cast

from a2wsgi import WSGIMiddleware
from django.conf import settings

from config.body import Disconnected, whole
from config.wsgi import application as django

# Django is set up by now, which the doors' models need.
from config import access, calls, lifespan, sockets, waiting  # isort: skip
from tasks.dialects.asgi import Message, Receive, Send  # isort: skip

THREADS = 24

in_threads = WSGIMiddleware(cast("Any", django), workers=THREADS)


async def application(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan.follow(receive, send)
    else:
        await access.logged(scope, receive, send, app=_answer)


async def _answer(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await sockets.answer(scope, receive, send)
    elif scope["path"] == "/healthz":
        await _reply(send, 200, b"ok\n")
    elif found := waiting.find(scope["method"], scope["path"]):
        await calls.answer(scope, receive, send, found=found)
    else:
        await _http(scope, receive, send)


async def _http(scope: Message, receive: Receive, send: Send) -> None:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    try:
        scope, receive = await whole(scope, receive, most=most)
    except Disconnected:
        return
    except TimeoutError:
        await _reply(send, 408, b"The request's body did not arrive in time.\n")
        return
    await in_threads(cast("Any", scope), cast("Any", receive), cast("Any", send))


async def _reply(send: Send, status: int, text: bytes) -> None:
    headers = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
