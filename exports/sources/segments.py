"""Pages on disk: files in the store, each of some pages, that belong to one job."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, BinaryIO

import orjson
import polars as pl

from exports.sources.walk import Page
from exports.tables.packed import packed_frame, unpacked_frame
from tasks import segments
from tasks.archive.store import Missing, Stored
from tasks.archive.stored import store
from tasks.archive.upload import StoreWriter
from tasks.engine.run import Run, Step

ENOUGH_BYTES = 4 << 20
ENOUGH_S = 2.0


@dataclass(frozen=True)
class KeptPage:
    number: int
    asked: str
    frames: list[pl.DataFrame]


class SegmentWriter:
    """Writes pages into one file: a line for the file, then a line and frames each.

    The first line names the job, its claim and the file's number, so that no other
    file ever has the same bytes: who deletes this one deletes nobody else's.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._file: StoreWriter | None = None
        self._began = 0.0

    @property
    def is_empty(self) -> bool:
        return self._file is None

    @property
    def is_due(self) -> bool:
        if self._file is None:
            return False
        waits_s = monotonic() - self._began
        return self._file.tell() >= ENOUGH_BYTES or waits_s >= ENOUGH_S

    def add(self, page: Page, *, number: int) -> None:
        """Write a page; `number` is the file's, should this be its first page."""
        file = self._file or self._begin(number)
        blocks = [packed_frame(frame) for frame in page.frames]
        sizes = [len(block) for block in blocks]
        line = {"page": page.number, "asked": page.asked, "frames": sizes}
        file.write(orjson.dumps(line) + b"\n")
        for block in blocks:
            file.write(block)

    def commit(self) -> Stored:
        """Put the file in its place. Raises ValueError when there is none."""
        if self._file is None:
            raise ValueError("There is no page to commit.")
        try:
            return self._file.commit()
        finally:
            self.close()

    def close(self) -> None:
        """Drop what is not committed."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self, number: int) -> StoreWriter:
        self._file = begun(self._run, number)
        self._began = monotonic()
        return self._file


def begun(run: Run, number: int) -> StoreWriter:
    """Return a file whose first line is like no other's."""
    job, fence = run.job.pk, run.lease.fence
    file = store().writer(fence=f"{job}-{fence}")
    line = {"job": str(job), "fence": fence, "segment": number}
    file.write(orjson.dumps(line) + b"\n")
    return file


def committed(
    run: Run, writer: SegmentWriter, number: int, *, cursor: Any, **progress: Any
) -> Generator[Step, None, Stored]:
    """Save a segment and how far it reaches in one transaction."""
    stored = writer.commit()
    tried: list[bool] = []

    def keep() -> None:
        segments.keep(run.job, number, stored)
        tried.append(True)

    try:
        yield run.step(cursor=cursor, apply=keep, **progress)
    except GeneratorExit:
        if not tried:  # the lease was lost before; nobody knows of this file
            store().delete(stored.digest)
        raise
    return stored


def kept_pages(
    segments: Sequence[Stored], *, watch: Callable[[BinaryIO], BinaryIO]
) -> Iterator[KeptPage]:
    """Read pages back in order. Raises Missing when a file is gone or damaged."""
    for segment in segments:
        with store().open(segment.digest, size=segment.size) as file:
            reader = watch(file)
            reader.readline()
            while line := reader.readline():
                told = orjson.loads(line)
                blocks = [_taken(reader, size) for size in told["frames"]]
                frames = [unpacked_frame(block) for block in blocks]
                yield KeptPage(told["page"], told["asked"], frames)


def _taken(file: BinaryIO, size: int) -> bytes:
    block = file.read(size)
    if len(block) != size:
        raise Missing("A fetched page is cut off in the store.")
    return block
