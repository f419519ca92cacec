"""What is known of the watched jobs, and who is to be woken when it changes."""

import asyncio
from uuid import UUID

from tasks.models import Job


class Topic:
    """One watched job: its row as last read, for all who watch it."""

    def __init__(self) -> None:
        self.watchers = 0
        self.job: Job | None = None
        self.gone = False
        self._turn = asyncio.Event()

    @property
    def rev(self) -> int:
        return self.job.rev if self.job else 0

    def take(self, job: Job | None) -> None:
        """Keep the row, unless a later one is known; None: it is not there."""
        if job is None:
            self.gone = True
        elif job.rev <= self.rev:
            return
        else:
            self.job = job
        self.wake()

    def wake(self) -> None:
        turn, self._turn = self._turn, asyncio.Event()
        turn.set()

    async def turned(self) -> None:
        """Wait for something to happen to the topic after this call."""
        await self._turn.wait()


class Topics:
    """The watched jobs of one process; `some` is set while there are any."""

    def __init__(self) -> None:
        self._topics: dict[UUID, Topic] = {}
        self.some = asyncio.Event()

    def revs(self) -> dict[UUID, int]:
        return {job_id: topic.rev for job_id, topic in self._topics.items()}

    def __len__(self) -> int:
        return len(self._topics)

    def get(self, job_id: UUID) -> Topic | None:
        return self._topics.get(job_id)

    def join(self, job_id: UUID) -> Topic:
        topic = self._topics.setdefault(job_id, Topic())
        topic.watchers += 1
        self.some.set()
        return topic

    def leave(self, job_id: UUID) -> None:
        topic = self._topics[job_id]
        topic.watchers -= 1
        if not topic.watchers:
            del self._topics[job_id]
        if not self._topics:
            self.some.clear()

    def wake_all(self) -> None:
        for topic in self._topics.values():
            topic.wake()
