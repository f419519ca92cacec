"""Which job each worker is running, so that only that one is blamed if it dies."""

import mmap
import os
import struct
from collections.abc import Iterator
from uuid import UUID

SLOT = struct.Struct("q16s")
SLOTS = 4096
NO_JOB = UUID(int=0)

# Shared with the supervisor by fork. No lock, which a killed process could take with
# it: a worker writes to no slot but its own.
_table = mmap.mmap(-1, SLOT.size * SLOTS)


def running(job_id: UUID | None) -> None:
    """Say which job this worker runs from now on, if any."""
    _write(os.getpid(), job_id)


def acquit(pid: int) -> None:
    """Say that a worker is ended for no fault of the job it runs."""
    _write(pid, None)


def suspects() -> Iterator[tuple[int, UUID]]:
    """Give each worker's pid, and the job (or NO_JOB) to blame if it is gone."""
    for pid, job in SLOT.iter_unpack(_table[:]):
        if pid:
            yield pid, UUID(bytes=job)


def clear() -> None:
    _table[:] = bytes(len(_table))


def _write(pid: int, job_id: UUID | None) -> None:
    SLOT.pack_into(_table, SLOT.size * (pid % SLOTS), pid, (job_id or NO_JOB).bytes)
