"""Answering a query that could not be answered as it came."""

from collections.abc import Generator
from datetime import datetime
from functools import partial
from typing import Any

from django.utils import timezone

from exports import share_pages, share_queries
from exports.asking import Wanted
from exports.event_log import read_log
from exports.events import count, page_to
from exports.jobs.followed import Steps, followed
from exports.models import ShareQuery
from exports.tables.errors import BadRule
from tasks.archive.store import Stored
from tasks.archive.stored import store
from tasks.engine.run import Run, Step
from tasks.errors import WorkFailed
from tasks.models import Artifact

Answer = tuple[dict[str, Any], Stored | None]
NAME = "events.json.gz"


def run_share_query(run: Run) -> Steps:
    """Make the page or the count; it can be fetched as soon as the job succeeds."""
    queries = ShareQuery.objects.select_related("share")
    query = queries.filter(pk=run.params["query"]).first()
    if query is None or query.page is None:
        raise WorkFailed("query_gone", "The query was deleted before its turn came.")
    wanted = Wanted.of(query.page)
    make = _count if query.is_count else _page
    try:
        answer, stored = yield from make(run, query, wanted)
    except BadRule as error:  # such as too many tests for so many keys
        answer, stored = {"bad_filter": str(error)}, None
    return partial(_publish, run, query, answer, stored)


def _count(
    run: Run, query: ShareQuery, wanted: Wanted
) -> Generator[Step, None, Answer]:
    log = read_log(query.share.stream_id)
    found = yield from followed(run, count(log, wanted.ask, store()), total=log.head)
    return {"count": found}, None


def _page(run: Run, query: ShareQuery, wanted: Wanted) -> Generator[Step, None, Answer]:
    log = read_log(query.share.stream_id)
    with store().writer(fence=f"{run.job.pk}-{run.lease.fence}") as out:
        work = page_to(log, wanted.ask, store(), out)
        page = yield from followed(run, work, total=log.head)
        return share_pages.facts_of(page), out.commit()


def _publish(
    run: Run, query: ShareQuery, answer: dict[str, Any], stored: Stored | None
) -> None:
    at = timezone.now()
    artifact = _artifact(run, stored, answer, at) if stored else None
    share_queries.finish(query, answer=answer, result=artifact, at=at)


def _artifact(
    run: Run, stored: Stored, answer: dict[str, Any], at: datetime
) -> Artifact:
    return Artifact.objects.create(
        digest=stored.digest,
        size_bytes=stored.size,
        name=NAME,
        media_type="application/gzip",
        rows=answer["rows"],
        job=run.job,
        created_at=at,
        expires_at=at + share_queries.keeping(),
    )
