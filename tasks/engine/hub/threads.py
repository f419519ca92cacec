"""Threads that speak to the database for code on the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Barrier, BrokenBarrierError
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connections

T = TypeVar("T")
P = ParamSpec("P")

ALL_WITHIN_S = 2.0


class Threads:
    """A few threads, each with database connections of its own."""

    def __init__(self, count: int, *, name: str) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)

    async def run(
        self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        def work() -> T:
            close_old_connections()
            try:
                return function(*args, **kwargs)
            finally:
                close_old_connections()

        here = copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, here.run, work)

    def stop(self) -> None:
        """End the threads as they become free, each closing its connections."""
        together = Barrier(self._count)

        def close() -> None:
            try:
                # So that each thread has one of these, and none has two.
                together.wait(ALL_WITHIN_S)
            except BrokenBarrierError:
                pass
            finally:
                connections.close_all()

        for _ in range(self._count):
            self._pool.submit(close)
        self._pool.shutdown(wait=False)
