"""An HTTP request to a waiting door, and its reply."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

import orjson
from django.http import QueryDict

from tasks.dialects.asgi import (
    Headers,
    Message,
    Receive,
    address_of,
    headers_of,
    query_of,
    unless_gone,
)

T = TypeVar("T")
Door = TypeVar("Door", bound=Callable[..., Awaitable[Any]])
# Makes a reply of a status, a message that may be empty, and headers.
Tell = Callable[[int, str, Mapping[str, str]], "Reply"]

_tells: dict[Callable[..., Awaitable[Any]], Tell] = {}


@dataclass(frozen=True)
class Reply:
    """What is sent: a body, or parts as they come, none of them empty."""

    status: int
    body: bytes | AsyncGenerator[bytes, None] = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def reply_json(
    value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Reply:
    kind = {"Content-Type": "application/json"}
    return Reply(status, orjson.dumps(value), kind | dict(headers or {}))


def refuses_by(tell: Tell) -> Callable[[Door], Door]:
    """Have a request that never gets to a door refused in that door's own words."""

    def register(door: Door) -> Door:
        _tells[door] = tell
        return door

    return register


def tell_of(door: Callable[..., Awaitable[Any]]) -> Tell:
    return _tells.get(door, _as_json)


def _as_json(status: int, message: str, headers: Mapping[str, str]) -> Reply:
    error = {"error": HTTPStatus(status).phrase}
    told = {"message": message} if message else {}
    return reply_json(error | told, status=status, headers=headers)


class Call:
    """One request, its body whole."""

    def __init__(self, scope: Message, receive: Receive, *, body: bytes) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: QueryDict = query_of(scope)
        self.raw_query: bytes = scope["query_string"]
        self.headers: Headers = headers_of(scope)
        self.address = address_of(scope)
        self.body = body
        self._receive = receive
        self._gone: asyncio.Task[int] | None = None

    async def while_open(self, waiting: Awaitable[T]) -> T:
        """Return what `waiting` does; cancel it and raise HungUp if the client goes."""
        if self._gone is None:
            self._gone = asyncio.create_task(self._hung_up())
        return await unless_gone(self._gone, waiting)

    async def end(self) -> None:
        """Let go of it; what runs the door calls this, the door need not."""
        if self._gone:
            self._gone.cancel()
            await asyncio.wait({self._gone})

    async def _hung_up(self) -> int:
        while (await self._receive())["type"] != "http.disconnect":
            continue
        return 1006
