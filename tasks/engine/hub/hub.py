"""The hub of one web process: who waits for which job, within which limits."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.conf import settings

from tasks.engine.hub.errors import Closing, JobGone, TooManyWaits
from tasks.engine.hub.listening import Listening
from tasks.engine.hub.reader import Reader
from tasks.engine.hub.threads import Threads
from tasks.engine.hub.topics import Topic, Topics
from tasks.errors import Overloaded
from tasks.models import Job

T = TypeVar("T")
P = ParamSpec("P")

THREADS = 4
RETRY_AFTER_S = 5


class Watch:
    """A job as one waiter sees it."""

    def __init__(self, hub: "Hub", topic: Topic, job: Job) -> None:
        self._hub = hub
        self._topic = topic
        self._first = job

    @property
    def job(self) -> Job:
        """The row as last read, without its params and cursor."""
        return self._topic.job or self._first

    async def changed(self, after_rev: int, *, timeout_s: float | None = None) -> Job:
        """Return the job once its `rev` is above `after_rev`: at once, if it is.

        Raises:
            TimeoutError: it did not change in time.
            Closing: this process stops.
            JobGone: the job was deleted.
        """
        async with asyncio.timeout(timeout_s):
            while self.job.rev <= after_rev:
                if self._hub.closing:
                    raise Closing
                if self._topic.gone:
                    raise JobGone(self.job.pk)
                await self._topic.turned()
        return self.job


class Hub:
    """Wakes waiters on one event loop; it listens from the first one on."""

    def __init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Take in waiters, also after a stop."""
        self.closing = False
        self._clients: Counter[str] = Counter()
        self._topics = Topics()
        self._threads = Threads(THREADS, name="door")
        self._own_thread = Threads(1, name="hub")
        self._reader = Reader(self._own_thread)
        self._listening = Listening(self._topics, self._reader, self._own_thread)

    def close(self) -> None:
        """Let nobody wait from now on; who waits is told so."""
        self.closing = True
        self._topics.wake_all()

    async def stop(self) -> None:
        """Close, and let go of threads and connections."""
        self.close()
        await self._listening.stop()
        self._threads.stop()
        self._own_thread.stop()

    @property
    def waits(self) -> int:
        """The watches that are open now."""
        return self._clients.total()

    @asynccontextmanager
    async def watching(self, job_id: UUID, *, client: str) -> AsyncIterator[Watch]:
        """Watch a job on behalf of a client: no change after this is missed.

        Raises:
            TooManyWaits: the client has as many watches as it may.
            Overloaded: this process has.
            Closing: this process stops.
            JobGone: there is no such job.
        """
        self._admit(client)
        clients, topics = self._clients, self._topics
        topic = topics.join(job_id)
        clients[client] += 1
        try:
            self._listening.start()
            yield Watch(self, topic, await self._read(job_id, topic))
        finally:
            topics.leave(job_id)
            clients[client] -= 1
            if not clients[client]:
                del clients[client]

    async def in_thread(
        self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call what speaks to the database, or blocks, on one of a few threads."""
        return await self._threads.run(function, *args, **kwargs)

    def _admit(self, client: str) -> None:
        if self.closing:
            raise Closing
        theirs = self._clients.get(client, 0)
        if theirs >= settings.MAX_WAITS_PER_CLIENT:
            message = f"You wait for {theirs} jobs at once, as many as you may."
            raise TooManyWaits(message, retry_after_s=RETRY_AFTER_S)
        if self.waits >= settings.MAX_WAITS:
            message = "As many wait here as the service can hold."
            raise Overloaded(message, retry_after_s=RETRY_AFTER_S)

    async def _read(self, job_id: UUID, topic: Topic) -> Job:
        row = await self._reader.read(job_id)
        topic.take(row)
        if row is None:
            raise JobGone(job_id)
        return row


hub = Hub()
