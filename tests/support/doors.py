"""Waiting doors for tests: each shows one thing that a door can do."""

import asyncio
import resource
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from uuid import UUID

from tasks.dialects.call import Call, Reply, reply_json
from tasks.dialects.socket import Socket
from tasks.engine.hub import hub
from tasks.models import Job
from tasks.states import FINAL


def told(job: Job) -> dict[str, Any]:
    return {"rev": job.rev, "state": job.state, "done": job.done}


async def follow(socket: Socket, job_id: str) -> None:
    """Send the job as it is, and at each change until it is final."""
    async with hub.watching(UUID(job_id), client="ann") as watch:
        await socket.accept(listen=False)
        job = watch.job
        await socket.send_json(told(job))
        while job.state not in FINAL:
            job = await socket.while_open(watch.changed(job.rev))
            await socket.send_json(told(job))


async def echo(socket: Socket) -> None:
    await socket.accept()
    while True:
        frame = await socket.receive()
        await socket.send_text(frame if isinstance(frame, str) else f"{len(frame)} B")


async def fails(socket: Socket) -> None:
    await socket.accept()
    raise ValueError("a secret that no client may see")


async def refuses(socket: Socket) -> None:
    await socket.refuse(401, b"no key", headers={"Content-Type": "text/plain"})


async def unknown(socket: Socket) -> None:
    await socket.accept()
    await socket.close(4404, "no such thing")


async def waits(socket: Socket) -> None:
    """Tell how many wait in this process."""
    await socket.accept()
    while True:
        await socket.receive()
        await socket.send_json(hub.waits)


async def wait(call: Call, job_id: str) -> Reply:
    """Answer once the job's rev is above `after`; 204 if it is not in time."""
    after, timeout_s = (
        int(call.query.get("after", "0")),
        float(call.query.get("timeout", "20")),
    )
    async with hub.watching(UUID(job_id), client=call.query.get("who", "bob")) as watch:
        try:
            changing = watch.changed(after, timeout_s=timeout_s)
            job = await call.while_open(changing)
        except TimeoutError:
            return Reply(204)
    return reply_json(told(job))


async def body(call: Call) -> Reply:
    return reply_json({"size": len(call.body), "type": call.headers["content-type"]})


async def stream(call: Call, job_id: str) -> Reply:
    return Reply(200, _events(UUID(job_id)), {"Content-Type": "text/event-stream"})


async def _events(job_id: UUID) -> AsyncGenerator[bytes, None]:
    async with hub.watching(job_id, client="eve") as watch:
        job = watch.job
        yield f"data: {job.state} {job.done}\n\n".encode()
        while job.state not in FINAL:
            job = await watch.changed(job.rev)
            yield f"data: {job.state} {job.done}\n\n".encode()


async def breaks(call: Call) -> Reply:
    raise ValueError("a secret that no client may see")


async def memory(call: Call) -> Reply:
    """Tell this process' resident memory, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return reply_json(pages * resource.getpagesize() / (1 << 20))


async def sleeps(call: Call) -> Reply:
    """Wait for nothing but the client's end."""
    await call.while_open(asyncio.sleep(60))
    return Reply(204)
