"""The hub loses what it hears by, and waits go on."""

import asyncio
from urllib.parse import urlsplit

import psycopg
import pytest

from tasks.engine.hub import Hub, listening, postgresql
from tasks.models import Job
from tests.support.hubs import changed_elsewhere, elsewhere, within_hub
from tests.support.lines import Line
from tests.support.live import Live

TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = %s
"""
LISTENERS = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = %s AND state = 'idle' AND query LIKE 'LISTEN%%'
"""
pytestmark = [
    pytest.mark.live,
    pytest.mark.parametrize("backend", ["postgresql"], indirect=True),
]


def listeners(live: Live) -> int:
    """Return how many connections have begun to listen."""
    with psycopg.connect(live.url, autocommit=True) as server:
        return len(server.execute(LISTENERS, [postgresql.NAME]).fetchall())


async def terminated(live: Live) -> int:
    """End the hub's connection at the server, once it is there; return how many."""

    def terminate() -> int:
        with psycopg.connect(live.url, autocommit=True) as server:
            return len(server.execute(TERMINATE, [postgresql.NAME]).fetchall())

    for _ in range(200):
        if count := await elsewhere(terminate):
            return count
        await asyncio.sleep(0.02)
    return 0


def test_a_connection_that_the_server_ends_is_made_again_and_nothing_missed(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "RECHECK_S", 1000.0)
    job = live.enqueue("test.steps", steps=1)

    async def wait(hub: Hub) -> list[int]:
        seen = []
        async with hub.watching(job.pk, client="ann") as watch:
            for number in range(3):
                assert await terminated(live) == 1
                # At this moment nobody listens.
                await changed_elsewhere(job, done=number)
                job_now = await watch.changed(job.rev + number, timeout_s=10)
                seen.append(job_now.done)
        return seen

    assert within_hub(wait) == [0, 1, 2]


def test_a_line_that_falls_silent_is_noticed_and_left(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "RECHECK_S", 1000.0)
    monkeypatch.setattr(postgresql, "PING_S", 0.3)
    monkeypatch.setattr(postgresql, "PING_WITHIN_S", 0.3)
    job = live.enqueue("test.steps", steps=1)

    async def wait(hub: Hub) -> Job:
        async with hub.watching(job.pk, client="ann") as watch:
            while not await elsewhere(lambda: listeners(live)):
                await asyncio.sleep(0.02)
            line.fall_silent()  # for what is connected now
            await changed_elsewhere(job, done=4)
            return await watch.changed(job.rev, timeout_s=10)

    parts, direct = urlsplit(live.url), postgresql.parameters()
    with Line((parts.hostname or "", parts.port or 5432)) as line:
        through_it = {**direct, "host": "127.0.0.1", "port": line.port}
        monkeypatch.setattr(postgresql, "parameters", lambda: through_it)
        seen = within_hub(wait)

    assert seen.done == 4
    assert line.connections > 1


def test_what_is_not_told_is_seen_by_the_slow_second_look(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "RECHECK_S", 0.3)
    job = live.enqueue("test.steps", steps=1)

    async def wait(hub: Hub) -> Job:
        async with hub.watching(job.pk, client="ann") as watch:
            waiting = asyncio.create_task(watch.changed(job.rev, timeout_s=10))
            await asyncio.sleep(0.3)
            silent = Job.objects.filter(pk=job.pk)
            await elsewhere(lambda: silent.update(rev=job.rev + 1, done=5))
            return await waiting

    assert within_hub(wait).done == 5


def test_a_notification_that_is_none_of_ours_is_not_minded(live: Live) -> None:
    job = live.enqueue("test.steps", steps=1)

    def shout() -> None:
        with psycopg.connect(live.url, autocommit=True) as server:
            for payload in ("", "nonsense", f"{job.pk}:", f"{job.pk}:x", ":1"):
                server.execute("SELECT pg_notify('entrepot_job', %s)", [payload])

    async def wait(hub: Hub) -> Job:
        async with hub.watching(job.pk, client="ann") as watch:
            await asyncio.sleep(0.3)
            await elsewhere(shout)
            await changed_elsewhere(job, done=3)
            return await watch.changed(job.rev, timeout_s=3)

    assert within_hub(wait).done == 3
