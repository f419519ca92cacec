"""Files of one table fetched for a job, each once, whatever dies on the way."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from exports.faults import faults_told
from exports.sources.fetched import Fetched, drift_remarks, watched
from exports.sources.files import FileSource
from exports.sources.page_requests import Place
from exports.sources.segments import SegmentWriter, committed, kept_pages
from exports.sources.waiting import read_aside
from exports.sources.walk import Page
from exports.tables.drift import SchemaMerge
from tasks import segments
from tasks.archive.store import Stored
from tasks.engine.run import Run, Step

KEY = "files"  # in the job's cursor


@dataclass(frozen=True)
class _Done:
    """What is committed, as JSON in the job's cursor."""

    rows: int = 0
    size_bytes: int = 0
    receipts: list[dict[str, Any]] = field(default_factory=list)  # one for each file


class FilesFetching:
    """Fetches files into the store; their numbers begin after `before`.

    A file is one segment, so that what its source sends in pieces is whole or gone:
    a job goes on with the file that it had begun.
    """

    def __init__(
        self, run: Run, files: Sequence[FileSource], *, before: int = 0
    ) -> None:
        self.run = run
        self.files = files
        self.before = before
        self.writer = SegmentWriter(run)
        self.done = _Done()
        self.kept: list[Stored] = []
        self.merge = SchemaMerge()

    def steps(self) -> Generator[Step, None, Fetched]:
        try:
            yield from self._resume()
            for number in range(len(self.kept), len(self.files)):
                yield from self._fetch(number)
        finally:
            self.run.on_stop(None)
            self.writer.close()
        return self._fetched()

    def _resume(self) -> Generator[Step, None, None]:
        cursor = self.run.job.cursor or {}
        saved, kept = cursor.get(KEY), segments.kept(self.run.job)
        if saved is None:
            return
        if len(kept) != len(saved["receipts"]) or not segments.are_whole(kept):
            # The job had ended, and was queued once more.
            self.run.note("begins anew: the files fetched before are gone")
            anew = {**cursor, KEY: None}
            yield self.run.step(cursor=anew, apply=lambda: segments.drop(self.run.job))
            return
        self.done, self.kept = _Done(**saved), kept
        for page in kept_pages(kept, watch=watched(self.run.lease)):
            self._see(page.number, page.frames)
            yield self.run.step()

    def _fetch(self, number: int) -> Generator[Step, None, None]:
        source, rows = self.files[number], 0
        self.run.on_stop(source.stop)
        with (
            faults_told(source.shown),
            read_aside(source.frames(), stop=source.stop) as beats,
        ):
            for frame in beats:
                if frame is not None:
                    self._add(number, frame)
                    rows += frame.height
                yield self.run.step(**self._progress(number, rows))
        yield from self._commit(source, rows)

    def _add(self, number: int, frame: pl.DataFrame) -> None:
        name = self.before + number + 1
        self._see(name, [frame])
        page = Page(name, [frame], frame.height, 0, "")
        self.writer.add(page, number=len(self.kept))

    def _see(self, number: int, frames: list[pl.DataFrame]) -> None:
        for frame in frames:
            self.merge.add(number, frame)

    def _commit(self, source: FileSource, rows: int) -> Generator[Step, None, None]:
        """Save the file and that it is there in one transaction."""
        done = replace(
            self.done,
            rows=self.done.rows + rows,
            size_bytes=self.done.size_bytes + source.taken,
            receipts=[*self.done.receipts, source.receipt()],
        )
        cursor = {**(self.run.job.cursor or {}), KEY: vars(done)}
        stored = yield from committed(
            self.run, self.writer, len(self.kept), cursor=cursor
        )
        self.done = done
        self.kept.append(stored)

    def _progress(self, number: int, rows: int) -> dict[str, Any]:
        source = self.files[number]
        share = source.taken / source.total if source.total else 0.0
        return {
            "done": int(1000 * (number + min(share, 1.0))),
            "total": 1000 * len(self.files),
            "rows": self.done.rows + rows,
            "size_bytes": self.done.size_bytes + source.taken,
        }

    def _fetched(self) -> Fetched:
        done = self.done
        return Fetched(
            len(self.files),
            done.rows,
            done.size_bytes,
            self.merge,
            drift_remarks(self.merge),
            done.receipts,
            Place(page=self.before + len(self.files) + 1),
            tuple(self.kept),
            self.run.lease,
        )
