"""Mixed traffic of all dialects for some minutes: rates, times, jobs and memory."""

import asyncio
import tempfile
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from time import perf_counter

from django.db import connections

from tasks.models import Job
from tasks.states import FINAL
from tests.bench.engine import p99
from tests.bench.table import Row
from tests.load.service import Served, served
from tests.load.talk import Talk, Times
from tests.load.users import USERS
from tests.security.people import Person

EACH = 3  # users of each dialect
LOOK_EVERY_S = 5.0
# Memory is flat if it does not grow by more, from a fifth of the time to the end.
GROWTH = 1.15


def rows(minutes: float, backend: str) -> Iterator[Row]:
    with (
        tempfile.TemporaryDirectory(prefix="load-") as name,
        served(backend, Path(name)) as running,
    ):
        times, memory, took_s, jobs = asyncio.run(_run(running, 60 * minutes))
        yield from _told(f"{backend}, mixed", times, took_s)
        yield Row.of(f"{backend}, mixed: jobs ended", jobs / took_s, "/s")
        early = memory[len(memory) // 5]
        told = f"{backend}, memory of all processes after {minutes:g} min"
        yield Row.of(told, memory[-1], "MB")
        yield Row.ratio(
            "the same to what it was early", memory[-1] / early, most=GROWTH
        )


def _told(what: str, times: Times, took_s: float) -> Iterator[Row]:
    yield Row.of(f"{what}: all requests", times.count / took_s, "/s")
    yield Row.of(
        f"{what}: answers that are faults", sum(times.errors.values()), "", most=0
    )
    yield Row.of(f"{what}: answers that say later", sum(times.refused.values()), "")
    for kind, ms in sorted(times.ms.items()):
        ranked = sorted(ms)
        yield Row.of(f"{what}: {kind}", len(ms) / took_s, "/s")
        yield Row.of(f"{what}: {kind}, p50", ranked[len(ranked) // 2], "ms")
        yield Row.of(f"{what}: {kind}, p99", p99(ms), "ms")


async def _run(
    running: Served, seconds: float
) -> tuple[Times, list[float], float, int]:
    times, memory = Times(), [running.memory_mb]
    before, began = await asyncio.to_thread(_ended), perf_counter()
    end = began + seconds
    people = cycle(running.people)
    async with asyncio.TaskGroup() as group:
        for name in USERS:
            for _ in range(EACH):
                group.create_task(_use(name, running, next(people), times, end))
        group.create_task(_watch(running, memory, end))
    took_s = perf_counter() - began
    jobs = await asyncio.to_thread(_ended) - before
    return times, memory, took_s, jobs


async def _use(
    name: str, running: Served, person: Person, times: Times, end: float
) -> None:
    async with Talk(running.service.port, times) as talk:
        while perf_counter() < end:
            await USERS[name](talk, running, person)


async def _watch(running: Served, memory: list[float], end: float) -> None:
    while perf_counter() < end:
        await asyncio.sleep(min(LOOK_EVERY_S, max(0.1, end - perf_counter())))
        memory.append(await asyncio.to_thread(lambda: running.memory_mb))


def _ended() -> int:
    try:
        return Job.objects.filter(state__in=FINAL).count()
    finally:
        connections.close_all()
