"""A web process from its start to its stop, of which all who wait are told at once."""

import asyncio
import signal
import threading
from types import FrameType
from typing import Any

from config import waiting
from tasks.dialects.asgi import Receive, Send
from tasks.engine.hub import hub


async def follow(receive: Receive, send: Send) -> None:
    """Open the hub at the server's start, and stop it at its end."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            _start()
        else:
            await hub.stop()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _start() -> None:
    waiting.doors()
    hub.open()
    # The server ends its lifespan only when no request is left: too late for those
    # that wait. So they are told by the signal itself, before the server hears of it.
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            _close_at(number, asyncio.get_running_loop())


def _close_at(number: signal.Signals, loop: asyncio.AbstractEventLoop) -> None:
    before = signal.getsignal(number)

    def ended(signum: int, frame: FrameType | None) -> Any:
        loop.call_soon_threadsafe(hub.close)
        return before(signum, frame) if callable(before) else None

    signal.signal(number, ended)
