"""What waiting doors share: the handshake or request as they see it, and its end."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeVar

from django.http import QueryDict
from django.utils.datastructures import CaseInsensitiveMapping

from tasks.errors import EntrepotError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = CaseInsensitiveMapping[str]
T = TypeVar("T")


class HungUp(EntrepotError):
    """The client is gone, or takes nothing any more; `code` is a WebSocket's."""

    def __init__(self, code: int = 1006) -> None:
        super().__init__(f"The client is gone ({code}).")
        self.code = code


def headers_of(scope: Message) -> Headers:
    """Return the headers by name in any case; of several alike, a list with commas."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        found[name] = f"{found[name]},{value}" if name in found else value
    return CaseInsensitiveMapping(found)


def query_of(scope: Message) -> QueryDict:
    """Return the query's fields.

    Raises:
        TooManyFieldsSent: more than Django takes.
    """
    return QueryDict(scope["query_string"])


def address_of(scope: Message) -> str:
    """Return the address of the other end, which may be a proxy."""
    client = scope.get("client")
    return str(client[0]) if client else ""


async def unless_gone(gone: asyncio.Task[int], waiting: Awaitable[T]) -> T:
    """Return what `waiting` does, unless the client is gone before it.

    Raises:
        HungUp: it is; `waiting` has been cancelled.
    """
    task = asyncio.ensure_future(waiting)
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise HungUp(gone.result())
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
