"""Half-open connections and a flood of long-polls, while /healthz is asked."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter

from django.db import connections

from tasks.services import create_key
from tests.bench.engine import p99
from tests.bench.table import Row
from tests.load.service import Served, served
from tests.load.talk import Talk, Times
from tests.support.jobs import a_client
from tests.support.jobsapi import a_job_of_nobody

HALF_OPEN, POLLERS, CLIENTS = 200, 600, 4
HEALTH_EVERY_S = 0.02
MOST_MS = 500.0


def rows(seconds: float, backend: str) -> Iterator[Row]:
    with (
        tempfile.TemporaryDirectory(prefix="flood-") as name,
        served(backend, Path(name), web=1) as running,
    ):
        found = asyncio.run(_flood(running, seconds))
    what = f"{backend}: /healthz with {HALF_OPEN} half-open, {POLLERS} long-polls"
    healths = found.ms["healthz"]
    yield Row.of(f"{what}, p50", sorted(healths)[len(healths) // 2], "ms")
    yield Row.of(f"{what}, p99", p99(healths), "ms", most=MOST_MS)
    yield Row.of(f"{what}, slowest", max(healths), "ms")
    yield Row.of("long-polls answered meanwhile", len(found.ms["poll"]) / seconds, "/s")
    yield Row.of("requests of Django's meanwhile, p99", p99(found.ms["source"]), "ms")
    yield Row.of("long-polls told to come later", found.refused["poll"], "")
    yield Row.of("faults meanwhile", sum(found.errors.values()), "", most=0)


async def _flood(running: Served, seconds: float) -> Times:
    times, port = Times(), running.service.port
    # One client alone would soon be told to wait for its turn.
    doors = [await asyncio.to_thread(_a_job, f"client-{n}") for n in range(CLIENTS)]
    end = perf_counter() + seconds
    async with AsyncExitStack() as stack:
        for number in range(HALF_OPEN):
            await stack.enter_async_context(HalfOpen(port, number))
        async with asyncio.TaskGroup() as group:
            for number in range(POLLERS):
                path, key = doors[number % CLIENTS]
                group.create_task(_poll(port, times, path, key, end))
            group.create_task(_ask(port, times, "healthz", "/healthz", end))
            source = f"/source/{running.people[0].name}/d/latest"
            group.create_task(_ask(port, times, "source", source, end))
    return times


class HalfOpen:
    """A connection over which a request never ends."""

    def __init__(self, port: int, number: int) -> None:
        self.port, self.number = port, number

    async def __aenter__(self) -> None:
        _, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = b"POST /source/upload HTTP/1.1\r\nHost: localhost\r\n"
        # Some have not said all headers, some owe the most of a body.
        body = b"Content-Length: 1000\r\n\r\n{" if self.number % 2 else b""
        self.writer.write(head + body)
        await self.writer.drain()

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()


def _a_job(name: str) -> tuple[str, str]:
    """Make a job that nothing happens to, and a key to ask for it."""
    try:
        job = a_job_of_nobody(name=name)
        return f"/jobs/{job.pk}?wait=2", create_key(
            client=a_client(name), scopes=["jobs"]
        )[1]
    finally:
        connections.close_all()


async def _poll(port: int, times: Times, path: str, key: str, end: float) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    async with Talk(port, times) as talk:
        while perf_counter() < end:
            told = await talk.ask("poll", "GET", path, None, headers)
            if told.status == 429:
                await asyncio.sleep(1.0)  # as it was told to


async def _ask(port: int, times: Times, kind: str, path: str, end: float) -> None:
    async with Talk(port, times) as talk:
        while perf_counter() < end:
            await talk.ask(kind, "GET", path)
            await asyncio.sleep(HEALTH_EVERY_S)
