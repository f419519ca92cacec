"""The rows of watched jobs, read many at a time, on one thread."""

import asyncio
from uuid import UUID

from django.db import connection

from tasks.engine.hub import postgresql, sqlite
from tasks.engine.hub.threads import Threads
from tasks.models import Job

AT_ONCE = 500  # SQLite takes about a thousand parameters
# They can be large, and waiters have no use for them.
UNREAD = ("params", "cursor")

Row = Job | None


class Reader:
    """Reads what was asked for since the last read began, in as few queries as go."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._asked: dict[UUID, asyncio.Future[Row]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def read(self, job_id: UUID) -> Row:
        """Return the row as it is after this call began; None if there is none.

        Raises:
            DatabaseError: it could not be read.
        """
        if job_id not in self._asked:
            self._asked[job_id] = asyncio.get_running_loop().create_future()
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_all())
        # Others may wait for the same answer when we no longer do.
        return await asyncio.shield(self._asked[job_id])

    async def differing(self, known: dict[UUID, int]) -> dict[UUID, int | None]:
        """Return the revs that are others than these; None for a job that is gone.

        Raises:
            DatabaseError: they could not be read.
        """
        return await self._threads.run(_differing, known)

    async def _read_all(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            try:
                rows = await self._threads.run(_rows, list(asked))
            except BaseException as error:
                _fail(asked, error)
                if not isinstance(error, Exception):
                    raise
            else:
                for job_id, future in asked.items():
                    future.set_result(rows.get(job_id))


def _fail(asked: dict[UUID, asyncio.Future[Row]], error: BaseException) -> None:
    for future in asked.values():
        if isinstance(error, Exception):
            future.set_exception(error)
            future.exception()  # whoever asked may have gone since
        else:
            future.cancel()


def _rows(job_ids: list[UUID]) -> dict[UUID, Job]:
    found: dict[UUID, Job] = {}
    for start in range(0, len(job_ids), AT_ONCE):
        some = job_ids[start : start + AT_ONCE]
        found |= Job.objects.defer(*UNREAD).in_bulk(some)
    return found


def _differing(known: dict[UUID, int]) -> dict[UUID, int | None]:
    if connection.vendor == "postgresql":
        return postgresql.differing(known)
    return sqlite.differing(known)
