"""A hub of its own for a test, and changes from elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from django.db import connections

from tasks.engine.hub import Hub
from tasks.engine.moves import change
from tasks.models import Job

T = TypeVar("T")
LONGEST_S = 60.0


def within_hub(work: Callable[[Hub], Awaitable[T]]) -> T:
    """Run `work` with a hub that is stopped after it."""

    async def run() -> T:
        hub = Hub()
        try:
            async with asyncio.timeout(LONGEST_S):
                return await work(hub)
        finally:
            await hub.stop()

    return asyncio.run(run())


async def elsewhere(work: Callable[[], T]) -> T:
    """Do `work` in a thread, as another process would: with its own connection."""

    def alone() -> T:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(alone)


async def changed_elsewhere(job: Job, **changes: object) -> None:
    await elsewhere(lambda: change(Job.objects.get(pk=job.pk), **changes))
