"""A WebSocket of a waiting door, above raw ASGI."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

import orjson

from tasks.dialects.asgi import (
    HungUp,
    Message,
    Receive,
    Send,
    address_of,
    headers_of,
    query_of,
    unless_gone,
)

T = TypeVar("T")

UNREAD_FRAMES = 16  # more wait in the network, not in our memory
SEND_WITHIN_S = 20.0
LONGEST_REASON = 123  # bytes, RFC 6455, 5.5


class Socket:
    """One client's WebSocket: a door accepts or refuses it, then talks."""

    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.path: str = scope["path"]
        self.query = query_of(scope)
        self.headers = headers_of(scope)
        self.address = address_of(scope)
        self._can_refuse = "websocket.http.response" in scope.get("extensions", {})
        self._receive = receive
        self._send = send
        self._frames: asyncio.Queue[str | bytes] = asyncio.Queue(UNREAD_FRAMES)
        self._gone: asyncio.Task[int] | None = None
        self._answered = self._closed = False

    @property
    def accepted(self) -> bool:
        return self._gone is not None

    @property
    def answered(self) -> bool:
        """Tell whether the handshake was accepted or refused."""
        return self._answered

    async def accept(self, *, listen: bool = True) -> None:
        """Open it; without `listen` what the client sends is thrown away.

        Raises:
            HungUp: the client has gone.
        """
        self._answered = True
        await self._put({"type": "websocket.accept"})
        self._gone = asyncio.create_task(self._take_in(listen=listen))

    async def refuse(
        self,
        status: int,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the handshake with an HTTP status instead of accepting it."""
        self._answered = self._closed = True
        if not self._can_refuse:  # then a close is a 403
            await self._put({"type": "websocket.close", "code": 1008})
            return
        kept = [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()]
        start = "websocket.http.response.start"
        await self._put({"type": start, "status": status, "headers": kept})
        await self._put({"type": "websocket.http.response.body", "body": body})

    async def send_text(self, text: str) -> None:
        """Send a text frame.

        Raises:
            HungUp: the client is gone, or reads nothing.
        """
        await self._put({"type": "websocket.send", "text": text})

    async def send_json(self, value: Any) -> None:
        """Send a text frame of compact JSON; raises HungUp."""
        await self.send_text(orjson.dumps(value).decode())

    async def receive(self, *, timeout_s: float | None = None) -> str | bytes:
        """Return the next frame.

        Raises:
            HungUp: there will be none.
            TimeoutError: there was none in time.
        """
        if not self._frames.empty():
            return self._frames.get_nowait()
        async with asyncio.timeout(timeout_s):
            return await self.while_open(self._frames.get())

    async def while_open(self, waiting: Awaitable[T]) -> T:
        """Return what `waiting` does; cancel it and raise HungUp if the client goes."""
        if self._gone is None:
            raise RuntimeError("The WebSocket was not accepted.")
        return await unless_gone(self._gone, waiting)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close it, if it is open."""
        if self._closed or not self.accepted:
            return
        self._closed = True
        short = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        message = {"type": "websocket.close", "code": code, "reason": short}
        try:
            await self._put(message)
        except HungUp:
            return

    async def end(self) -> None:
        """Let go of it; what runs the door calls this, the door need not."""
        if self._gone:
            self._gone.cancel()
            await asyncio.wait({self._gone})

    async def _take_in(self, *, listen: bool) -> int:
        """Take in frames until the client goes; return its close code."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return int(message.get("code") or 1005)
            if listen and message["type"] == "websocket.receive":
                text, data = message.get("text"), message.get("bytes")
                await self._frames.put(data or b"" if text is None else text)

    async def _put(self, message: Message) -> None:
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await self._send(message)
        except (OSError, RuntimeError) as error:  # also what an ended one answers
            raise HungUp from error
