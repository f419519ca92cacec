"""A paged source fetched for a job: every page once, whatever dies on the way."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import polars as pl
from django.conf import settings
from django.utils import timezone

from exports.sources.crew import PAGE_BYTES, Crew
from exports.sources.page_links import shown
from exports.sources.page_requests import PagedSource, Place
from exports.sources.segments import SegmentWriter, kept_pages
from exports.sources.walk import Page, Reserve, Walk
from exports.tables.drift import Drift, SchemaMerge
from exports.tables.spool import conformed
from exports.tables.types import Frames, Schema
from tasks import outbound, pace, segments
from tasks.archive.store import Stored
from tasks.archive.stored import store
from tasks.engine.lease import Lease
from tasks.engine.run import Run, Step
from tasks.engine.watched import WatchedFile
from tasks.errors import WorkFailed

PAGE_TIMEOUT_S = 300.0
ENOUGH_CELLS = 500_000  # of a frame made of small pages
KEY = "pages"  # in the job's cursor


@dataclass(frozen=True)
class Fetched:
    """All pages of a source, kept in the store until the job ends."""

    pages: int
    rows: int
    size_bytes: int  # of the replies' bodies
    schema: Schema  # that holds all pages
    drifts: list[Drift]
    remarks: list[str]
    receipt: dict[str, Any]
    segments: tuple[Stored, ...] = field(repr=False)
    lease: Lease = field(repr=False)

    def frames(self) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield each frame with its page's number, in the types that page has."""
        for page in kept_pages(self.segments, watch=_watched(self.lease)):
            for frame in page.frames:
                yield page.number, frame

    def table(self) -> Frames:
        """Yield all rows in the one schema, small pages put together."""
        waiting: list[pl.DataFrame] = []
        cells = 0
        for _, frame in self.frames():
            waiting.append(conformed(frame, self.schema))
            cells += frame.height * max(1, len(self.schema))
            if cells >= ENOUGH_CELLS:
                yield pl.concat(waiting)
                waiting, cells = [], 0
        if waiting:
            yield pl.concat(waiting)


def fetch_pages(run: Run, source: PagedSource) -> Generator[Step, None, Fetched]:
    """Fetch all pages into the store, going on after the last one that was committed.

    The part `pages` of the job's cursor says how far it is; it changes only together
    with the row of the segment that has those pages. Raises WorkFailed, and Stopped
    when the job must end.
    """
    crew = Crew(source, page_policy(source, settings.OUTBOUND))
    fetching = _Fetching(run, source, crew)
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


def page_policy(source: PagedSource, policy: outbound.Policy) -> outbound.Policy:
    """Return what one page may cost; a slow source may think as long as it is told."""
    return replace(
        policy,
        read_timeout_s=source.timeout_s,
        total_timeout_s=min(policy.total_timeout_s, PAGE_TIMEOUT_S),
        max_bytes=min(policy.max_bytes, PAGE_BYTES),
        max_raw_bytes=min(policy.max_raw_bytes, PAGE_BYTES),
    )


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
    def __init__(self, run: Run, source: PagedSource, crew: Crew) -> None:
        self.run = run
        self.source = source
        self.crew = crew
        self.writer = SegmentWriter(run)
        self.done = _Done()  # the committed part and the pages in the open segment
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
        for page in kept_pages(kept, watch=_watched(self.run.lease)):
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
        stored, number = self.writer.commit(), len(self.kept)
        done = replace(self.done, segments=number + 1)
        cursor = {**(self.run.job.cursor or {}), KEY: done.as_json()}
        tried: list[bool] = []

        def keep() -> None:
            segments.keep(self.run.job, number, stored)
            tried.append(True)

        try:
            yield self.run.step(cursor=cursor, apply=keep, **self._progress())
        except GeneratorExit:
            if not tried:  # the lease was lost before; nobody knows of this file
                store().delete(stored.digest)
            raise
        self.done = done
        self.kept.append(stored)

    def _progress(self) -> dict[str, Any]:
        """Count in rows if those are limited, else in pages."""
        place, limit = self.done.place, self.source.paging.total_limit
        pages = place.page - 1
        return {
            "done": pages if limit is None else place.rows,
            "total": self.source.page_limit if limit is None else limit,
            "rows": place.rows,
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
        pages = done.place.page - 1
        receipt = {
            **done.first,
            "paging": self.source.paging.style,
            "pages": pages,
            "requests": done.requests,
            "bytes": done.size_bytes,
        }
        return Fetched(
            pages,
            done.place.rows,
            done.size_bytes,
            self.merge.schema,
            self.merge.drifts,
            self._remarks(),
            receipt,
            tuple(self.kept),
            self.run.lease,
        )

    def _remarks(self) -> list[str]:
        remarks = [str(drift) for drift in self.merge.drifts]
        if more := self.merge.unreported:
            remarks.append(f"{more} more changes of columns are not listed.")
        place = self.done.place
        if self.source.guesses and place.same > 1:
            remarks.append(
                f"The last {place.same} pages are the same: maybe the source does not "
                "heed which page it is asked for."
            )
        return remarks


def _watched(lease: Lease) -> Any:
    return lambda file: cast("Any", WatchedFile(file, lease))
