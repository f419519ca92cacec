"""A job is watched: what wakes a waiter, and what ends its wait."""

import asyncio
from uuid import UUID

import pytest
from django.db import connection

from tasks.engine.hub import Hub, JobGone, listening
from tasks.models import Job
from tests.support.hubs import changed_elsewhere, elsewhere, within_hub
from tests.support.live import Live

pytestmark = [
    pytest.mark.live,
    pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True),
]


@pytest.fixture(autouse=True)
def _no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the hub nothing but what it hears."""
    monkeypatch.setattr(listening, "RECHECK_S", 1000.0)


def test_a_change_wakes_who_waits_for_it(live: Live) -> None:
    job = live.enqueue("test.steps", steps=1)

    async def wait(hub: Hub) -> Job:
        async with hub.watching(job.pk, client="ann") as watch:
            waiting = asyncio.create_task(watch.changed(job.rev, timeout_s=5))
            await asyncio.sleep(0.3)
            await changed_elsewhere(job, done=7)
            return await waiting

    seen = within_hub(wait)

    assert (seen.pk, seen.rev, seen.done) == (job.pk, job.rev + 1, 7)


def test_a_change_since_the_rev_that_is_known_is_told_at_once(live: Live) -> None:
    job = live.enqueue("test.steps", steps=1)

    async def wait(hub: Hub) -> Job:
        await changed_elsewhere(job, done=1)
        async with hub.watching(job.pk, client="ann") as watch:
            return await watch.changed(job.rev, timeout_s=0)

    assert within_hub(wait).done == 1


def test_who_comes_later_sees_the_row_as_it_is_then(live: Live) -> None:
    job = live.enqueue("test.steps", steps=1)

    async def wait(hub: Hub) -> tuple[int, int]:
        async with hub.watching(job.pk, client="ann") as first:
            await changed_elsewhere(job, done=1)
            async with hub.watching(job.pk, client="bob") as second:
                return first.job.done, second.job.done

    assert within_hub(wait)[1] == 1


def test_a_change_of_another_job_wakes_nobody(live: Live) -> None:
    job, other = (live.enqueue("test.steps", steps=1) for _ in range(2))

    async def wait(hub: Hub) -> None:
        async with hub.watching(job.pk, client="ann") as watch:
            await changed_elsewhere(other, done=1)
            with pytest.raises(TimeoutError):
                await watch.changed(job.rev, timeout_s=0.5)

    within_hub(wait)


def test_a_job_that_is_not_there_cannot_be_watched(live: Live) -> None:
    nobody = UUID(int=7)

    async def wait(hub: Hub) -> int:
        with pytest.raises(JobGone, match=str(nobody)):
            async with hub.watching(nobody, client="ann"):
                pass
        return hub.waits

    assert within_hub(wait) == 0


def test_who_waits_for_a_job_that_is_deleted_is_told_so(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "RECHECK_S", 0.2)  # a deletion is not notified of
    job = live.enqueue("test.steps", steps=1)

    async def wait(hub: Hub) -> None:
        async with hub.watching(job.pk, client="ann") as watch:
            waiting = asyncio.create_task(watch.changed(job.rev, timeout_s=5))
            await elsewhere(Job.objects.filter(pk=job.pk).delete)
            with pytest.raises(JobGone):
                await waiting

    within_hub(wait)


def test_a_wait_that_is_given_up_leaves_nothing_behind(live: Live) -> None:
    job = live.enqueue("test.steps", steps=1)

    async def give_up(hub: Hub) -> tuple[int, int, int]:
        async def wait() -> None:
            async with hub.watching(job.pk, client="ann") as watch:
                await watch.changed(job.rev)

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0.3)
        before = hub.waits
        waiting.cancel()
        await asyncio.wait({waiting})
        return before, hub.waits, len(hub._topics)

    assert within_hub(give_up) == (1, 0, 0)


def test_the_rows_of_many_who_come_together_are_read_together(live: Live) -> None:
    jobs = [live.enqueue("test.steps", steps=1) for _ in range(60)]
    queries = 0

    def count(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        nonlocal queries
        queries += 1
        return execute(sql, params, many, context)

    def counted() -> None:
        connection.execute_wrappers.append(count)

    async def watch_all(hub: Hub) -> list[Job]:
        async def one(job: Job) -> Job:
            async with hub.watching(job.pk, client="ann") as watch:
                return watch.job

        await hub._own_thread.run(counted)
        return list(await asyncio.gather(*map(one, jobs)))

    seen = within_hub(watch_all)

    assert [job.pk for job in seen] == [job.pk for job in jobs]
    assert queries <= 4
