"""A thousand who wait at one web process: what they cost, and how soon they wake."""

import asyncio
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar
from uuid import UUID

import requests
from django.conf import settings
from django.db import connections

from tasks import services
from tasks.engine.moves import change
from tasks.models import Client, Job
from tests.bench.load import server
from tests.bench.table import Row
from tests.support.backends import bound_to, forget_templates, own_database, why_not

T = TypeVar("T")

WAITERS, WOKEN, EVERY_S = 1_000, 300, 0.02
P99_MS = {"sqlite": 120.0, "postgresql": 30.0}
LONG_POLL = (
    "GET /test/wait/{job}?after=1&timeout=300 HTTP/1.1\r\nHost: localhost\r\n\r\n"
)
WEBSOCKET = (
    "GET /test/follow/{job} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
LIMITS = {"MAX_WAITS": "5000", "MAX_WAITS_PER_CLIENT": "5000"}


@dataclass(frozen=True)
class Found:
    """Memory in MiB, times in ms."""

    more_memory: float
    wakes: list[float]
    healths: list[float]
    all_woken: float


@dataclass(frozen=True)
class Waiter:
    job_id: UUID
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def woken(self) -> float:
        """Return when the next byte came."""
        await self.reader.readexactly(1)
        return perf_counter()


def rows() -> list[Row]:
    """Measure long-polls and WebSockets, on each database that answers here."""
    measured: list[Row] = []
    for backend in P99_MS:
        if not why_not(backend):
            measured += _of_backend(backend)
    forget_templates()
    return measured


def _of_backend(backend: str) -> Iterator[Row]:
    for name, request in (("long-polls", LONG_POLL), ("WebSockets", WEBSOCKET)):
        with _served(backend) as port:
            found = asyncio.run(_measure(port, request))
        what, most = f"{backend}: {WAITERS:,} {name}", P99_MS[backend]
        yield Row.of(f"{what}, more memory", found.more_memory, "MiB", most=150)
        yield Row.of(f"{what}, woken, p50", _at(found.wakes, 0.5), "ms")
        yield Row.of(f"{what}, woken, p99", _at(found.wakes, 0.99), "ms", most=most)
        yield Row.of(f"{what}, /healthz, p99", _at(found.healths, 0.99), "ms")
        yield Row.of(f"{what} of one job, all woken", found.all_woken, "ms")


@contextmanager
def _served(backend: str) -> Iterator[int]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        own_database(backend, Path(name)) as url,
        bound_to(url),
        server(
            "config.asgi:application",
            **LIMITS,
            DJANGO_SETTINGS_MODULE="tests.support.waiting_settings",
            DATABASE_URL=url,
            VAR_DIR=name,
            SECRET_KEY=settings.SECRET_KEY,
        ) as port,
    ):
        yield port


async def _measure(port: int, request: str) -> Found:
    *own, shared = await _elsewhere(_make_jobs)
    memory = await asyncio.to_thread(_memory, port)
    waiters = await _open(port, request, own)
    more_memory = await asyncio.to_thread(_memory, port) - memory
    asking = asyncio.create_task(_ask_health(port))
    wakes = [await _wake([waiter]) for waiter in random.sample(waiters, WOKEN)]
    asking.cancel()
    healths = await asking
    for waiter in waiters:
        waiter.writer.close()
    together = await _open(port, request, [shared] * WAITERS)
    all_woken = await _wake(together)
    for waiter in together:
        waiter.writer.close()
    return Found(more_memory, sorted(wakes), sorted(healths), all_woken)


async def _open(port: int, request: str, job_ids: list[UUID]) -> list[Waiter]:
    """Have so many wait, and return when they all do."""
    waiters = [await _begin(port, request, job_id) for job_id in job_ids]
    if request == WEBSOCKET:
        for waiter in waiters:
            await waiter.reader.readuntil(b"\r\n\r\n")
            await waiter.reader.readuntil(b"}")  # the job as it is
    await asyncio.sleep(1.0)  # a long-poll says nothing before its time
    return waiters


async def _begin(port: int, request: str, job_id: UUID) -> Waiter:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.format(job=job_id).encode())
    return Waiter(job_id, reader, writer)


async def _wake(waiters: list[Waiter]) -> float:
    """Change the job they all wait for; return the ms until the last one was told."""
    await asyncio.sleep(random.uniform(0, 2 * EVERY_S))
    waking = asyncio.gather(*(waiter.woken() for waiter in waiters))
    committed = await _elsewhere(lambda: _change(waiters[0].job_id))
    async with asyncio.timeout(30):
        return 1000 * max(0.0, max(await waking) - committed)


async def _ask_health(port: int) -> list[float]:
    """Ask until cancelled; return how long the answers took, in ms."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    try:
        while True:
            began = perf_counter()
            writer.write(HEALTH)
            await reader.readuntil(b"ok\n")
            times.append(1000 * (perf_counter() - began))
            await asyncio.sleep(EVERY_S)
    except asyncio.CancelledError:
        writer.close()
        return times


def _make_jobs() -> list[UUID]:
    client = Client.objects.create(name="bench")
    make: dict[str, Any] = {"client": client, "params": {}, "internal": True}
    count = range(WAITERS + 1)
    return [services.enqueue("test.steps", lane="bench", **make).pk for _ in count]


def _change(job_id: UUID) -> float:
    change(Job.objects.get(pk=job_id))
    return perf_counter()


async def _elsewhere(work: Callable[[], T]) -> T:
    def alone() -> T:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(alone)


def _memory(port: int) -> float:
    reply = requests.get(f"http://127.0.0.1:{port}/test/memory", timeout=10)
    return float(reply.json())


def _at(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(share * len(times)))]
