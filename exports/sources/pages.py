"""A paged source fetched for a job: every page once, whatever dies on the way."""

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
from django.conf import settings
from django.utils import timezone

from exports.sources.crew import Crew, page_policy
from exports.sources.fetched import Fetched, drift_remarks, watched
from exports.sources.page_links import shown
from exports.sources.page_requests import PagedSource, Place
from exports.sources.segments import SegmentWriter, committed, kept_pages
from exports.sources.walk import Page, Reserve, Walk
from exports.tables.drift import SchemaMerge
from tasks import pace, segments
from tasks.archive.store import Stored
from tasks.engine.run import Run, Step
from tasks.errors import WorkFailed

KEY = "pages"  # in the job's cursor
FIRST = Place()


def fetch_pages(
    run: Run, source: PagedSource, *, start: Place = FIRST
) -> Generator[Step, None, Fetched]:
    """Fetch all pages into the store, going on after the last one that was committed.

    They begin at `start`, with which their numbers go on.

    The part `pages` of the job's cursor says how far it is; it changes only together
    with the row of the segment that has those pages. Raises WorkFailed, and Stopped
    when the job must end.
    """
    crew = Crew(source, page_policy(source, settings.OUTBOUND))
    fetching = _Fetching(run, source, crew, start)
    run.on_stop(crew.stop)
    try:
        return (yield from fetching.steps())
    finally:
        run.on_stop(None)
        fetching.writer.close()
        crew.close()


def walk_pages(
    source: PagedSource,
    crew: Crew,
    *,
    reserve: Reserve = pace.reserve,
) -> Generator[Page | None, None, None]:
    """Yield pages without a job, and None now and then while one is waited for.

    `crew.stop`, from any thread, has it raise Stopped; close the iterator at the end.
    """
    try:
        yield from Walk(source, crew, reserve=reserve).pages()
    finally:
        crew.close()


@dataclass(frozen=True)
class _Done:
    """What is committed, as JSON in the job's cursor."""

    place: Place = field(default_factory=Place)
    segments: int = 0
    requests: int = 0
    size_bytes: int = 0
    first: dict[str, Any] = field(default_factory=dict)  # of the receipt

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "place": vars(self.place)}

    @classmethod
    def of(cls, saved: dict[str, Any]) -> "_Done":
        return cls(**{**saved, "place": Place(**saved["place"])})


class _Fetching:
    def __init__(self, run: Run, source: PagedSource, crew: Crew, start: Place) -> None:
        self.run = run
        self.source = source
        self.crew = crew
        self.writer = SegmentWriter(run)
        self.start = start
        # The committed part and the pages in the open segment.
        self.done = _Done(start)
        self.kept: list[Stored] = []
        self.merge = SchemaMerge()
        self.asked: dict[str, int] = {}

    def steps(self) -> Generator[Step, None, Fetched]:
        yield from self._resume()
        walk = Walk(
            self.source,
            self.crew,
            reserve=pace.reserve,
            place=self.done.place,
            asked=self.asked,
        )
        before = self.done.requests
        try:
            for page in walk.pages():
                if page is not None:
                    self._add(page, walk.place, before + walk.requests)
                yield from self._step()
        except WorkFailed as error:
            if error.temporary and not self.writer.is_empty:
                yield from self._commit()
            raise
        return self._fetched()

    def _resume(self) -> Generator[Step, None, None]:
        saved = (self.run.job.cursor or {}).get(KEY)
        if saved is None:
            return
        done = _Done.of(saved)
        kept = segments.kept(self.run.job)
        if len(kept) != done.segments or not segments.are_whole(kept):
            # The job had ended, and was queued once more.
            self.run.note("begins anew: the pages fetched before are gone")
            anew = {**(self.run.job.cursor or {}), KEY: None}
            yield self.run.step(cursor=anew, apply=lambda: segments.drop(self.run.job))
            return
        self.done, self.kept = done, kept
        for page in kept_pages(kept, watch=watched(self.run.lease)):
            self._see(page.number, page.frames)
            if page.asked:
                self.asked[page.asked] = page.number
            yield self.run.step()
        self.run.note(f"goes on after page {done.place.page - 1}")

    def _add(self, page: Page, place: Place, requests: int) -> None:
        self.writer.add(page, number=len(self.kept))
        self._see(page.number, page.frames)
        self.done = replace(
            self.done,
            place=place,
            requests=requests,
            size_bytes=self.done.size_bytes + page.size_bytes,
            first=self.done.first or self._first(page),
        )

    def _see(self, number: int, frames: list[pl.DataFrame]) -> None:
        for frame in frames:
            self.merge.add(number, frame)

    def _step(self) -> Generator[Step, None, None]:
        if self.writer.is_due or (self.done.place.ended and not self.writer.is_empty):
            yield from self._commit()
        else:
            yield self.run.step(**self._progress())

    def _commit(self) -> Generator[Step, None, None]:
        """Save the segment and how far it reaches in one transaction."""
        number = len(self.kept)
        done = replace(self.done, segments=number + 1)
        cursor = {**(self.run.job.cursor or {}), KEY: done.as_json()}
        stored = yield from committed(
            self.run, self.writer, number, cursor=cursor, **self._progress()
        )
        self.done = done
        self.kept.append(stored)

    def _progress(self) -> dict[str, Any]:
        """Count in rows if those are limited, else in pages."""
        place, start, source = self.done.place, self.start, self.source
        done, before, total = place.page, start.page, source.page_limit
        if (limit := source.paging.total_limit) is not None:
            done, before, total = place.rows, start.rows, limit - start.rows
        elif total is not None:
            total -= start.page - 1
        return {
            "done": done - before,
            "total": total,
            "rows": place.rows - start.rows,
            "size_bytes": self.done.size_bytes,
        }

    def _first(self, page: Page) -> dict[str, Any]:
        return {
            "url": shown(self.source.url),
            "validators": page.validators,
            "fetched_at": timezone.now().isoformat(),
        }

    def _fetched(self) -> Fetched:
        done = self.done
        pages = done.place.page - self.start.page
        receipt = {
            **done.first,
            "paging": self.source.paging.style,
            "pages": pages,
            "requests": done.requests,
            "bytes": done.size_bytes,
        }
        return Fetched(
            pages,
            done.place.rows - self.start.rows,
            done.size_bytes,
            self.merge,
            self._remarks(),
            [receipt],
            done.place,
            tuple(self.kept),
            self.run.lease,
        )

    def _remarks(self) -> list[str]:
        place = self.done.place
        remarks = drift_remarks(self.merge)
        if self.source.guesses and place.same > 1:
            remarks.append(
                f"The last {place.same} pages are the same: maybe the source does not "
                "heed which page it is asked for."
            )
        return remarks
