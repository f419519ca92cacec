"""How many may wait, and how all of them end when the process does."""

import asyncio
from time import monotonic

import pytest
from pytest_django import Settings

from tasks.engine.hub import Closing, Hub, TooManyWaits
from tasks.errors import Overloaded
from tests.support.hubs import within_hub
from tests.support.live import Live

pytestmark = pytest.mark.live


def test_a_client_may_wait_for_so_many_jobs_and_another_still_may(
    live: Live, settings: Settings
) -> None:
    settings.MAX_WAITS_PER_CLIENT = 2
    job = live.enqueue("test.steps", steps=1)

    async def wait(hub: Hub) -> int:
        async with (
            hub.watching(job.pk, client="ann"),
            hub.watching(job.pk, client="ann"),
        ):
            with pytest.raises(TooManyWaits, match="2 jobs at once") as refused:
                async with hub.watching(job.pk, client="ann"):
                    pass
            assert refused.value.retry_after_s > 0
            async with hub.watching(job.pk, client="bob"):
                return hub.waits

    assert within_hub(wait) == 3


def test_who_stopped_waiting_may_wait_again(live: Live, settings: Settings) -> None:
    settings.MAX_WAITS_PER_CLIENT = 1
    job = live.enqueue("test.steps", steps=1)

    async def wait(hub: Hub) -> int:
        for _ in range(3):
            async with hub.watching(job.pk, client="ann"):
                pass
        return hub.waits

    assert within_hub(wait) == 0


def test_a_process_holds_so_many_waits_and_no_more(
    live: Live, settings: Settings
) -> None:
    settings.MAX_WAITS = 1
    job = live.enqueue("test.steps", steps=1)

    async def wait(hub: Hub) -> None:
        async with hub.watching(job.pk, client="ann"):
            with pytest.raises(Overloaded):
                async with hub.watching(job.pk, client="bob"):
                    pass

    within_hub(wait)


def test_a_close_ends_all_waits_at_once_and_lets_none_begin(
    live: Live, settings: Settings
) -> None:
    settings.MAX_WAITS_PER_CLIENT = 500
    jobs = [live.enqueue("test.steps", steps=1) for _ in range(20)]

    async def close(hub: Hub) -> float:
        async def wait(number: int) -> None:
            job = jobs[number % len(jobs)]
            async with hub.watching(job.pk, client="ann") as watch:
                with pytest.raises(Closing):
                    await watch.changed(job.rev)

        waits = [asyncio.create_task(wait(number)) for number in range(300)]
        await asyncio.sleep(0.5)
        assert hub.waits == 300
        began = monotonic()
        hub.close()
        await asyncio.gather(*waits)
        took = monotonic() - began
        with pytest.raises(Closing):
            async with hub.watching(jobs[0].pk, client="ann"):
                pass
        return took

    assert within_hub(close) < 1.0
