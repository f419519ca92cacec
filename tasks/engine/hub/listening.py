"""Keeping the watched jobs' rows fresh: by what is heard, and by a slow second look."""

import asyncio
import logging
import sqlite3
from collections.abc import Coroutine
from random import uniform
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
from django.db import DatabaseError, connection

from tasks.engine.hub import postgresql, sqlite
from tasks.engine.hub.reader import Reader
from tasks.engine.hub.threads import Threads
from tasks.engine.hub.topics import Topics

# Should a notification ever get lost, such as in a pooler that keeps none.
RECHECK_S = 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
WELL_AFTER_S = 30.0
# A time-out is an OSError, too.
LOST = (DatabaseError, psycopg.Error, sqlite3.Error, OSError)
log = logging.getLogger(__name__)


class Listening:
    """Listens from its start to its stop, whatever becomes of its connection."""

    def __init__(self, topics: Topics, reader: Reader, threads: Threads) -> None:
        self._topics = topics
        self._reader = reader
        self._threads = threads
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        if not self._tasks:
            self._begin(self._listen())
            self._begin(self._recheck_often())

    async def stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def heard(self, job_id: UUID, rev: int) -> None:
        topic = self._topics.get(job_id)
        if topic and rev > topic.rev:
            self._begin(self._refresh(job_id))

    async def recheck(self) -> None:
        """Compare all watched jobs with their rows.

        Raises:
            DatabaseError: they could not be read.
        """
        known = self._topics.revs()
        found = await self._reader.differing(known) if known else {}
        for job_id, rev in found.items():
            if rev is not None:
                self.heard(job_id, rev)
            elif topic := self._topics.get(job_id):
                topic.take(None)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _refresh(self, job_id: UUID) -> None:
        try:
            row = await self._reader.read(job_id)
        except LOST as error:
            _warn("hub cannot read", error)  # the next recheck tries again
            return
        if topic := self._topics.get(job_id):
            topic.take(row)

    async def _recheck_often(self) -> None:
        while True:
            await self._topics.some.wait()
            await asyncio.sleep(RECHECK_S)
            try:
                await self.recheck()
            except LOST as error:
                _warn("hub cannot read", error)

    async def _listen(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            began = monotonic()
            try:
                await self._listen_once()
            except LOST as error:
                _warn("hub hears nothing", error)
            if monotonic() - began > WELL_AFTER_S:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(uniform(pause_s / 2, pause_s))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _listen_once(self) -> None:
        if connection.vendor == "postgresql":
            to = await self._threads.run(postgresql.parameters)
            await postgresql.listen(to, heard=self.heard, recheck=self.recheck)
        else:
            file, some = sqlite.path(), self._topics.some
            await sqlite.listen(file, some=some, recheck=self.recheck)


def _warn(what: str, error: BaseException) -> None:
    log.warning(what, extra={"error": type(error).__name__})
