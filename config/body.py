"""Request bodies, read on the event loop: a slow sender holds no thread."""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

BODY_WITHIN_S = 60.0
CHARSET = re.compile(rb"charset\s*=\s*\"?([^\s\";]*)", re.IGNORECASE)


class Disconnected(Exception):
    """The client went away before its request was whole."""


async def whole(
    scope: Message, receive: Receive, *, most: int
) -> tuple[Message, Receive]:
    """Return a request whose body is all there, with its length in its headers.

    What is over `most` bytes is not read on: the length tells the views so.

    Raises:
        TimeoutError: the body did not arrive in time.
        Disconnected: nor will it.
    """
    async with asyncio.timeout(BODY_WITHIN_S):
        body = await _read(receive, most)
    message = {"type": "http.request", "body": body, "more_body": False}
    return _with_length(scope, len(body)), _replay(message, receive)


async def _read(receive: Receive, most: int) -> bytes:
    parts, size, more = [], 0, True
    while more and size <= most:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
    return b"".join(parts)


def _with_length(scope: Message, size: int) -> Message:
    drop = {b"content-length", b"transfer-encoding"}
    headers = [
        (name, _known_charset(value) if name == b"content-type" else value)
        for name, value in scope["headers"]
        if name not in drop
    ]
    if size or b"content-length" in dict(scope["headers"]):
        headers.append((b"content-length", b"%d" % size))
    return {**scope, "headers": headers}


def _known_charset(content_type: bytes) -> bytes:
    """Drop the parameters of a type whose charset is none: Django would fail on it."""
    charset = CHARSET.search(content_type)
    try:
        "".encode(charset[1].decode("ascii") if charset else "utf-8")
    except (LookupError, ValueError):
        return content_type.partition(b";")[0]
    return content_type


def _replay(message: Message, receive: Receive) -> Receive:
    unread = [message]

    async def replayed() -> Message:
        return unread.pop() if unread else await receive()

    return replayed
