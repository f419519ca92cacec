"""What is handed out once: whole, or given back, also to who went before it began."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

import pytest

from config.calls import Sending
from tasks.dialects.asgi import HungUp, Message
from tasks.dialects.call import Call, Reply
from tasks.dialects.handing import HandedOut

Told = list[str]


async def parts() -> AsyncGenerator[bytes, None]:
    yield b"one"
    yield b"two"


def ended(use: Callable[[HandedOut], Awaitable[object]]) -> Told:
    """Return what was called when `use` was over."""
    told: Told = []

    async def all_of_it() -> None:
        await use(
            HandedOut(
                parts(),
                done=lambda: told.append("done"),
                broken=lambda: told.append("broken"),
            )
        )

    asyncio.run(all_of_it())
    return told


async def takes_all(out: HandedOut) -> None:
    assert [part async for part in out] == [b"one", b"two"]
    await out.aclose()


async def takes_one(out: HandedOut) -> None:
    assert await anext(out) == b"one"
    await out.aclose()


async def takes_none(out: HandedOut) -> None:
    await out.aclose()
    await out.aclose()


@pytest.mark.parametrize(
    ("use", "told"),
    [(takes_all, ["done"]), (takes_one, ["broken"]), (takes_none, ["broken"])],
)
def test_what_is_not_taken_whole_is_given_back(
    use: Callable[[HandedOut], Awaitable[object]], told: Told
) -> None:
    assert ended(use) == told


def test_who_is_gone_before_the_headers_leaves_nothing_claimed() -> None:
    async def gone(_: Message) -> None:
        raise OSError

    async def never() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    async def is_sent(out: HandedOut) -> None:
        scope = {"method": "GET", "path": "/", "query_string": b"", "headers": []}
        call = Call(scope, never, body=b"")
        with suppress(HungUp):
            await Sending(gone).reply(Reply(200, out), to=call)

    assert ended(is_sent) == ["broken"]
