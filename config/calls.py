"""HTTP requests that wait: let in, handed to their door, and answered."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from django.conf import settings

from config import gate, waiting
from config.body import Disconnected, whole
from tasks.dialects.asgi import HungUp, Message, Receive, Send
from tasks.dialects.call import Call, Reply, tell_of
from tasks.engine.hub import Closing

SEND_WITHIN_S = 20.0


async def answer(
    scope: Message, receive: Receive, send: Send, *, found: waiting.Found
) -> None:
    out = Sending(send)
    call: Call | None = None
    try:
        out.headers |= gate.cors(scope)
        out.headers |= gate.let_in(scope)
        call = await _whole(scope, receive)
        with waiting.held.one():
            await out.reply(await found.handler(call, **found.groups), to=call)
    except (HungUp, Disconnected):
        return
    except Exception as error:
        if out.begun:
            raise  # which breaks the connection: the reply is not whole
        verdict = waiting.verdict_of(error)
        tell = tell_of(found.handler)
        await out.whole(tell(verdict.status, verdict.message, verdict.headers))
    finally:
        if call:
            await call.end()


async def _whole(scope: Message, receive: Receive) -> Call:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    try:
        scope, receive = await whole(scope, receive, most=most)
    except TimeoutError:
        raise gate.Barred(408, "The body did not arrive in time.") from None
    body: bytes = (await receive())["body"]
    if len(body) > most:
        raise gate.Barred(413, f"The body is larger than {settings.MAX_BODY_MB} MB.")
    return Call(scope, receive, body=body)


class Sending:
    """One reply on its way; `headers` are those of every reply."""

    def __init__(self, send: Send) -> None:
        self.headers = {"Cache-Control": "no-store"}
        self.begun = False
        self._send = send

    async def reply(self, reply: Reply, *, to: Call) -> None:
        if isinstance(reply.body, bytes):
            await self.whole(reply)
        else:
            await self._parts(reply, reply.body, to)

    async def whole(self, reply: Reply) -> None:
        assert isinstance(reply.body, bytes)  # noqa: S101 - for the type
        length = {"Content-Length": str(len(reply.body))}
        await self._begin(reply, length)
        await self._put({"type": "http.response.body", "body": reply.body})

    async def _parts(
        self, reply: Reply, parts: AsyncGenerator[bytes, None], to: Call
    ) -> None:
        async with aclosing(parts):
            await self._begin(reply, {})
            try:
                while part := await to.while_open(anext(parts, b"")):
                    body = {"type": "http.response.body", "body": part}
                    await self._put({**body, "more_body": True})
            except Closing:
                pass  # a stream may end anywhere between two parts
        await self._put({"type": "http.response.body", "body": b""})

    async def _begin(self, reply: Reply, more: dict[str, str]) -> None:
        self.begun = True
        headers = {**self.headers, **reply.headers, **more}
        raw = [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()]
        start = {"type": "http.response.start", "status": reply.status}
        await self._put({**start, "headers": raw})

    async def _put(self, message: Message) -> None:
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await self._send(message)
        except OSError as error:  # a time-out, too: it reads nothing
            raise HungUp from error
