"""Handing something out once: whole, or it is given back."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tasks.dialects.call import Call
from tasks.engine.hub import hub

# How long a broken connection has to be heard of before the last byte is sent.
HEARD_WITHIN_S = 0.005
_settling: set[asyncio.Task[object]] = set()


class HandedOut(AsyncGenerator[bytes, None]):
    """Parts for one client: `done` is called once it took them all, else `broken`.

    Also of a client that is gone before the first: a generator that never began is
    closed without running anything of its own.
    """

    def __init__(
        self,
        parts: AsyncIterator[bytes],
        *,
        done: Callable[[], object],
        broken: Callable[[], object],
    ) -> None:
        self._parts = _settled(parts, done=done, broken=broken)
        self._broken = broken
        self._begun = False

    async def asend(self, value: None) -> bytes:
        self._begun = True
        return await self._parts.asend(value)

    async def athrow(self, *error: Any) -> bytes:
        self._begun = True
        return await self._parts.athrow(*error)

    async def aclose(self) -> None:
        if not self._begun:
            self._begun = True
            await _settle(self._broken)
        await self._parts.aclose()


async def _settled(
    parts: AsyncIterator[bytes],
    *,
    done: Callable[[], object],
    broken: Callable[[], object],
) -> AsyncGenerator[bytes, None]:
    async with handing_out(done=done, broken=broken):
        async for part in parts:
            yield part


@asynccontextmanager
async def handing_out(
    *, done: Callable[[], object], broken: Callable[[], object]
) -> AsyncIterator[None]:
    """Call `done` if the block ends well, else `broken`; both on a thread."""
    settle = broken
    try:
        yield
        settle = done
    finally:
        await _settle(settle)


async def _settle(settle: Callable[[], object]) -> None:
    task: asyncio.Task[object] = asyncio.create_task(hub.in_thread(settle))
    _settling.add(task)
    task.add_done_callback(_settling.discard)
    # Whoever hangs up now does not stop it.
    await asyncio.shield(task)


async def end_last(
    call: Call, parts: AsyncIterator[bytes]
) -> AsyncGenerator[bytes, None]:
    """Yield what the parts are; the last byte only to who took all before it."""
    last = b""
    async for part in parts:
        last += part
        if len(last) > 2:
            yield last[:-2]
            last = last[-2:]
    # The first of these is sent when most of what came before has left for the client.
    if last[:-1]:
        yield last[:-1]
    await call.while_open(asyncio.sleep(HEARD_WITHIN_S))
    yield last[-1:]
