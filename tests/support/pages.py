"""Paged sources for tests, and a kind of job that fetches one."""

import json
import time
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from exports.request import Paging
from exports.sources import segments
from exports.sources.page_requests import PagedSource
from exports.sources.pages import fetch_pages
from tasks.engine.run import Effect, Run, Step
from tasks.models import Artifact, Job
from tests.support.sources import Sources
from tests.tasks.outbound.servers import Answer, Connection, Request, ok

KIND = "test.pages"
JSON = "Content-Type: application/json"


def source_of(params: dict[str, Any]) -> PagedSource:
    fields = {"size": 10, **params, "paging": Paging(**params.get("paging", {}))}
    return PagedSource(**fields)


def fetch_all(run: Run) -> Generator[Step, None, Effect | None]:
    """Fetch a source; its rows and what was said of it become an artifact's receipt."""
    fetched = yield from fetch_pages(run, source_of(run.params))
    pages: dict[int, list[Any]] = {}
    for number, frame in fetched.frames():
        pages.setdefault(number, []).extend(frame.to_dicts())
    receipt = {
        "pages": list(pages),
        "rows": [row for rows in pages.values() for row in rows],
        "table": [row for frame in fetched.table() for row in frame.to_dicts()],
        "schema": {name: str(dtype) for name, dtype in fetched.schema.items()},
        "drifts": [asdict(drift) for drift in fetched.drifts],
        "remarks": fetched.remarks,
        "receipt": fetched.receipt,
        "counted": [fetched.pages, fetched.rows, fetched.size_bytes],
    }
    return lambda: Artifact.objects.create(
        digest="",
        size_bytes=0,
        name="fetched",
        media_type="",
        job=run.job,
        receipt=receipt,
    )


def fetch_each(run: Run) -> Generator[Step, None, Effect | None]:
    """Do the same, and commit every page by itself."""
    segments.ENOUGH_BYTES = 1
    return (yield from fetch_all(run))


def cursor_of(job: Job) -> dict[str, Any]:
    """Return how far a job's committed pages reach."""
    cursor: dict[str, Any] = Job.objects.get(pk=job.pk).cursor or {}
    saved: dict[str, Any] = cursor["pages"]
    return saved


def fetched(job: Job) -> dict[str, Any]:
    """Return what a job that succeeded has fetched."""
    assert job.state == "succeeded", f"{job.state}: {job.error_code} {job.error}"
    receipt: dict[str, Any] = job.artifacts.get().receipt
    return receipt


def rows_of(job: Job) -> list[Any]:
    rows: list[Any] = fetched(job)["rows"]
    return rows


def ids_of(job: Job) -> list[int]:
    return [row["id"] for row in rows_of(job)]


def a_table(rows: int) -> list[dict[str, Any]]:
    return [{"id": number, "name": f"row {number}"} for number in range(rows)]


def page(rows: Any, *headers: str) -> bytes:
    return ok(json.dumps(rows).encode(), JSON, *headers)


def slowly(table: "Paged", sources: Sources) -> str:
    """Serve a table so that a page takes a moment, and return its URL."""

    def answer(peer: Connection, request: Request) -> None:
        peer.stopping.wait(0.05)
        table.answer(peer, request)

    return sources.act("/rows", answer)


@dataclass
class Seen:
    at: float  # time.monotonic()
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class Paged:
    """A table that is served in pages, as `style` says, and may be told to fail.

    `before(query)` may return a whole reply, or an answer, to be given instead.
    """

    rows: list[dict[str, Any]]
    style: str = "page"
    before: Callable[[dict[str, str]], bytes | Answer | None] = lambda _: None
    most: int = 1_000_000  # rows of a page, whatever is asked for
    seen: list[Seen] = field(default_factory=list)

    def serve(self, sources: Sources, path: str = "/rows") -> str:
        return sources.act(path, self.answer)

    @property
    def queries(self) -> list[dict[str, str]]:
        return [one.query for one in self.seen]

    def answer(self, peer: Connection, request: Request) -> None:
        parts = urlsplit(request.path)
        query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
        self.seen.append(Seen(time.monotonic(), query, request.headers))
        instead = self.before(query)
        if callable(instead):
            instead(peer, request)
        else:
            peer.send(instead or self._reply(query, parts.path))

    def _reply(self, query: dict[str, str], path: str) -> bytes:
        size = min(int(query["limit"]), self.most)
        if self.style == "page":
            start = (int(query["page"]) - 1) * size
            return page(self.rows[start : start + size])
        start = int(query.get("offset") or query.get("cursor") or 0)
        some = self.rows[start : start + size]
        after = start + size if start + size < len(self.rows) else None
        if self.style == "cursor":
            return page({"data": {"items": some}, "meta": {"next": after}})
        if self.style == "link" and after is not None:
            link = f'Link: <{path}?limit={size}&offset={after}>; rel="next"'
            return page(some, link)
        return page(some)
