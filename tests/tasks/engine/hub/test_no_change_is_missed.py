"""Whenever a waiter comes, and however many write: it sees the last change."""

import asyncio
import random

import pytest

from tasks.engine.hub import Hub, listening
from tasks.models import Job
from tests.support import changer
from tests.support.hubs import changed_elsewhere, within_hub
from tests.support.live import Live

ROUNDS = 60
pytestmark = [
    pytest.mark.live,
    pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True),
]


@pytest.fixture(autouse=True)
def _no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the hub nothing but what it hears."""
    monkeypatch.setattr(listening, "RECHECK_S", 1000.0)


def test_no_change_is_missed_however_waiter_and_writer_meet(live: Live) -> None:
    job = live.enqueue("test.steps", steps=1)
    pauses = random.Random(7)

    async def meet(hub: Hub, rev: int) -> int:
        async def wait() -> int:
            await asyncio.sleep(pauses.uniform(0, 0.02))
            async with hub.watching(job.pk, client="ann") as watch:
                return (await watch.changed(rev, timeout_s=3)).rev

        async def write() -> None:
            await asyncio.sleep(pauses.uniform(0, 0.02))
            await changed_elsewhere(job)

        seen, _ = await asyncio.gather(wait(), write())
        return seen

    async def rounds(hub: Hub) -> list[int]:
        return [await meet(hub, job.rev + number) for number in range(ROUNDS)]

    revs = within_hub(rounds)

    assert revs == [job.rev + number + 1 for number in range(ROUNDS)]


def test_all_waiters_see_the_last_change_of_several_processes(live: Live) -> None:
    jobs = [live.enqueue("test.steps", steps=1) for _ in range(5)]
    times, processes = 8, 3

    async def see_all(hub: Hub) -> list[int]:
        async def follow(job: Job) -> int:
            last, rev = job.rev + times * processes, job.rev
            async with hub.watching(job.pk, client="ann") as watch:
                while rev < last:
                    before, rev = rev, (await watch.changed(rev, timeout_s=20)).rev
                    assert rev > before
            return rev - job.rev

        return list(await asyncio.gather(*(follow(job) for job in jobs * 4)))

    ids = [job.pk for job in jobs]
    writers = [changer.start(ids, times=times, url=live.url) for _ in range(processes)]
    try:
        steps = within_hub(see_all)
    finally:
        codes = [writer.wait(30) for writer in writers]

    assert codes == [0] * processes
    assert steps == [times * processes] * 20
