"""From page to page: asks, waits, asks again, and knows when it is over."""

import hashlib
import random
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

import polars as pl

from exports.sources.crew import Crew
from exports.sources.page_faults import not_fetched, page_failed
from exports.sources.page_links import host_of
from exports.sources.page_read import Answer, PageReader
from exports.sources.page_requests import (
    PagedSource,
    PageRequest,
    PageSeen,
    Place,
    may_follow,
    next_place,
    paging_fault,
    request_for,
    requests_ahead,
    rows_left,
)
from tasks import outbound
from tasks.errors import Stopped, WorkFailed

BEAT_S = 0.2
QUICK_TRIES = 2  # after the first one
FIRST_WAIT_S = 0.5
LONGEST_QUICK_S = 5.0  # a host that asks for more has the whole job wait
# Of pages with equal bytes, or without a row, in a row.
MOST_SAME = 10
MOST_EMPTY = 100
# Of a page; when they are larger, no page is fetched ahead: replies are in memory.
LARGE_BYTES = 8 << 20


class Reserve(Protocol):
    """Takes the next slot of a host and returns the seconds until then."""

    def __call__(
        self, host: str, *, per_second: float, after_s: float = 0.0
    ) -> float: ...


@dataclass(frozen=True)
class Page:
    number: int
    frames: list[pl.DataFrame]
    rows: int
    size_bytes: int  # of the reply's body
    asked: str  # a digest of what the page was asked for by, in styles cursor and link
    validators: dict[str, str] = field(default_factory=dict)


class Walk:
    """A walk through all pages, from `place` on; `asked` are the pages seen before."""

    def __init__(
        self,
        source: PagedSource,
        crew: Crew,
        *,
        reserve: Reserve,
        place: Place | None = None,
        asked: dict[str, int] | None = None,
    ) -> None:
        if fault := paging_fault(source):
            raise WorkFailed("bad_paging", fault)
        self.source = source
        self.crew = crew
        self.place = place or Place()
        self.requests = 0
        self._size_bytes = 0  # of the last page
        self._reserve = reserve
        self._asked = dict(asked or {})

    def pages(self) -> Iterator[Page | None]:
        """Yield each page in turn, and None now and then while one is waited for.

        `place` is behind a page once it is yielded. Raises WorkFailed, and Stopped
        when the crew was told to stop.
        """
        while not self.place.ended:
            request = request_for(self.source, self.place)
            self._send_all([request, *self._ahead()])
            answer = yield from self._fetched(request)
            page, self.place = self._read(answer)
            yield page

    def _ahead(self) -> list[PageRequest]:
        if self._size_bytes > LARGE_BYTES:
            return []
        return requests_ahead(self.source, self.place)

    def _send_all(self, wanted: list[PageRequest]) -> None:
        self.crew.keep_only(wanted)
        for request in wanted:
            if not self.crew.has(request):
                self._send(request)

    def _send(self, request: PageRequest, *, after_s: float = 0.0) -> None:
        rate = self.source.rate_limit
        if rate is not None:
            host = host_of(request.url)
            after_s = self._reserve(host, per_second=rate, after_s=after_s)
        self.requests += 1
        self.crew.send(request, wait_s=after_s)

    def _fetched(self, request: PageRequest) -> Generator[None, None, Answer]:
        attempt = 0
        while True:
            while not self.crew.is_back(request, within_s=BEAT_S):
                yield None
            outcome = self.crew.take(request)
            if isinstance(outcome, Answer):
                return outcome
            if self.crew.stopped.is_set() or outcome is None:
                raise Stopped("The fetching was stopped.")
            if not isinstance(outcome, outbound.OutboundError):
                raise outcome
            wait_s = _quick_wait_s(outcome, attempt)
            if wait_s is None:
                raise not_fetched(self.source, request.number, outcome)
            self._send(request, after_s=wait_s)
            attempt += 1

    def _read(self, answer: Answer) -> tuple[Page, Place]:
        """Read a reply while the request after it, if it can be known, is under way."""
        reader = PageReader(self.source, answer)
        token = reader.token()
        asked, known = self._check_token(token, answer)
        self._size_bytes = len(answer.body)
        is_small = self._size_bytes <= LARGE_BYTES
        if token and not known and is_small and may_follow(self.source, self.place):
            after = Place(page=self.place.page + 1, token=token)
            self._send_all([request_for(self.source, after)])
        frames = _cut(reader.frames(), rows_left(self.source, self.place))
        rows = sum(frame.height for frame in frames)
        digest = hashlib.sha256(answer.body).hexdigest()[:32]
        place = next_place(self.source, self.place, PageSeen(rows, digest, token))
        if known and not place.ended:
            if rows:
                raise self._repeats(answer, known)
            # Asked for more than there is, some sources name the same place again.
            place = replace(place, ended=True)
        self._check_progress(place, answer)
        page = Page(
            answer.request.number,
            frames,
            rows,
            len(answer.body),
            asked,
            answer.validators,
        )
        return page, place

    def _check_token(self, token: str, answer: Answer) -> tuple[str, int | None]:
        """Return how this page was asked for, and which page was asked for by `token`.

        Exact: every page's request is remembered, as the same one has the same reply.
        """
        if self.source.guesses:
            return "", None
        asked = _short(self.place.token or answer.request.url)
        self._asked[asked] = answer.request.number
        return asked, self._asked.get(_short(token)) if token else None

    def _check_progress(self, place: Place, answer: Answer) -> None:
        if place.empty >= MOST_EMPTY and not place.ended:
            reason = f"it and the {MOST_EMPTY - 1} pages before it hold no row."
            raise self._failed(answer, reason, code="endless_pages")
        if self.source.guesses and place.same >= MOST_SAME:
            reason = (
                f"it is the same as the {MOST_SAME - 1} pages before it, so the source "
                f"does not heed the parameter {self._parameter!r}. If it has no pages, "
                'set paging to "none".'
            )
            raise self._failed(answer, reason, code="repeated_page")

    def _repeats(self, answer: Answer, known: int) -> WorkFailed:
        what = "cursor" if self.source.paging.style == "cursor" else "link"
        reason = (
            f"it names as its next page the {what} of page {known}, "
            "so the pages would repeat for ever."
        )
        return self._failed(answer, reason, code="repeated_cursor")

    def _failed(self, answer: Answer, reason: str, *, code: str) -> WorkFailed:
        number, body = answer.request.number, answer.body
        return page_failed(
            self.source, number, answer.url, reason, code=code, body=body
        )

    @property
    def _parameter(self) -> str:
        paging = self.source.paging
        return paging.page_param if paging.style == "page" else paging.offset_param


def _quick_wait_s(error: outbound.OutboundError, attempt: int) -> float | None:
    """Return how long to wait before another try; None when there is to be none."""
    asked_s = error.retry_after_s or 0.0
    if not error.temporary or attempt >= QUICK_TRIES or asked_s > LONGEST_QUICK_S:
        return None
    usual_s: float = FIRST_WAIT_S * 2**attempt * random.uniform(0.5, 1.0)
    return max(asked_s, usual_s)


def _cut(frames: list[pl.DataFrame], most: int | None) -> list[pl.DataFrame]:
    if most is None:
        return frames
    kept = []
    for frame in frames:
        kept.append(frame.head(most))
        most -= min(most, frame.height)
    return kept


def _short(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:16]
