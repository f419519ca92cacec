"""The use cases of queries: ask, and be handed the answer once."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from exports.asking import Asked, Wanted, wanted_of
from exports.errors import ExportError
from exports.event_log import read_log
from exports.events import (
    BadToken,
    assemble,
    count_now,
)
from exports.models import Batch, EventStream, Share, ShareQuery
from exports.share_pages import Expired as Expired
from exports.share_pages import facts_of
from tasks import services
from tasks.archive.stored import store
from tasks.engine.storable import storable
from tasks.errors import JobMoved
from tasks.models import Artifact, Client
from tasks.states import JobState

JOB_KIND = "exports.share_query"
# For so long nobody else is handed an answer that is on its way to somebody.
HANDING_OUT = timedelta(seconds=30)
# An answer that is no longer kept is told to be expired, and then to be unknown.
TOLD_EXPIRED = timedelta(hours=1)
BATCH = 500


class NoSuchQuery(ExportError):
    """There is no such job."""


class Unfinished(ExportError):
    """The job has no results yet."""


class Collected(ExportError):
    """The results have been fetched already."""


class QueryFailed(ExportError):
    """The query could not be answered."""


def submit(  # noqa: PLR0913 - a query is what it is
    *,
    client: Client,
    share: Share,
    asked: Asked,
    batch: Batch | None,
    is_count: bool,
    at: datetime,
) -> ShareQuery:
    """Take a query in; what needs no worker is finished at once.

    A token that means nothing is told with the result (contract 3.3.2).

    Raises:
        TooManyJobs, Overloaded: of tasks.services.enqueue.
    """
    query = ShareQuery(
        share=share,
        client=client,
        is_count=is_count,
        asked=storable(asked.shown),
        created_at=at,
    )
    head = EventStream.objects.values_list("head", flat=True).get(pk=share.stream_id)
    try:
        wanted = wanted_of(
            asked, share=share, batch=batch, head=head, is_count=is_count
        )
    except BadToken:
        query.finished_at = at
    else:
        query.page, query.answer = wanted.told, _answer_now(query, wanted)
        query.finished_at = at if query.answer else None
    _save(query)
    return query


def _answer_now(query: ShareQuery, wanted: Wanted) -> dict[str, Any] | None:
    """Answer what takes no worker; None for the rest."""
    ask = wanted.ask
    if ask.is_sifted or (ask.keys is not None and not query.is_count):
        return None  # what was appended lately need not be read to know that
    log = read_log(query.share.stream_id)
    if query.is_count:
        count = count_now(log, ask)
        return None if count is None else {"count": count}
    found = assemble(log, ask, store())
    return facts_of(found.page) if found else None


@transaction.atomic
def _save(query: ShareQuery) -> None:
    if query.finished_at is None:
        query.job = services.enqueue(
            JOB_KIND,
            client=query.client,
            params={"query": str(query.pk)},
            lane=f"share:{query.client.pk}",
        )
    query.save(force_insert=True)


def find(*, client: Client, share: Share, query_id: UUID, at: datetime) -> ShareQuery:
    """Return a query that this client made of a share.

    Raises:
        NoSuchQuery: unknown, another's, cancelled, or long over.
        Collected, Expired: there is nothing to fetch any more.
        QueryFailed: it ended without an answer.
    """
    theirs = ShareQuery.objects.for_client(client).filter(share=share, pk=query_id)
    query = theirs.select_related("job").first()
    if query is None:
        raise NoSuchQuery
    query.share, query.client = share, client
    check(query, at=at)
    return query


def check(query: ShareQuery, *, at: datetime) -> None:
    """Raise what `find` does of a query that can no longer be asked for."""
    if query.finished_at:
        kept_until = query.finished_at + keeping()
        if at > kept_until + TOLD_EXPIRED:
            raise NoSuchQuery
        if query.collected_at:
            raise Collected
        if at > kept_until:
            raise Expired
    elif query.job and query.job.state == JobState.CANCELLED:
        raise NoSuchQuery
    elif query.job and query.job.state == JobState.FAILED:
        raise QueryFailed(query.job.error)


def keeping() -> timedelta:
    return timedelta(minutes=settings.SHARE_KEEP_MINUTES)


def claim(query: ShareQuery, *, at: datetime) -> None:
    """Take a query's answer to be handed out.

    Then say `renew` while that takes, and in the end `collected` or `give_back`; who
    says nothing loses it to the next one that asks.

    Raises:
        Collected: somebody else has it, or had.
    """
    free = Q(claimed_at=None) | Q(claimed_at__lt=at - HANDING_OUT)
    ready = ShareQuery.objects.filter(free, pk=query.pk, collected_at=None)
    if not ready.filter(finished_at__isnull=False).update(claimed_at=at):
        raise Collected
    query.claimed_at = at


def renew(query: ShareQuery, *, at: datetime) -> None:
    """Say that the answer is still on its way."""
    if _claimed(query).update(claimed_at=at):
        query.claimed_at = at


def collected(query: ShareQuery, *, at: datetime) -> None:
    """Say that the answer was handed out whole: nobody is handed it again."""
    ours = ShareQuery.objects.filter(pk=query.pk, collected_at=None)
    ours.update(collected_at=at)
    if query.result_id:
        Artifact.objects.filter(pk=query.result_id).update(expires_at=at)


def give_back(query: ShareQuery) -> None:
    """Say that the answer did not get through: it may be asked for at once."""
    _claimed(query).update(claimed_at=None)


def _claimed(query: ShareQuery) -> QuerySet[ShareQuery]:
    ours = ShareQuery.objects.filter(pk=query.pk, claimed_at=query.claimed_at)
    return ours.filter(collected_at=None)


def abandon(query: ShareQuery) -> None:
    """Stop the work for who is gone, and cannot ask for it again."""
    if query.job is None:
        return
    try:
        services.cancel(query.job)
    except JobMoved:
        return


# What the job does.
def finish(
    query: ShareQuery,
    *,
    answer: dict[str, Any],
    result: Artifact | None,
    at: datetime,
) -> None:
    """Publish an answer; call it in the transaction in which the job succeeds."""
    ShareQuery.objects.filter(pk=query.pk, finished_at=None).update(
        answer=answer, result=result, finished_at=at
    )


def prune(*, at: datetime, dry_run: bool) -> dict[str, int]:
    """Delete queries that are in nobody's interest any more."""
    old = ShareQuery.objects.filter(
        created_at__lt=at - timedelta(days=settings.SHARE_LOG_DAYS),
    ).filter(Q(finished_at__isnull=False) | Q(job__finished_at__isnull=False))
    count = old.count()
    # In batches, so that no lock is held for long.
    while not dry_run and (ids := list(old.values_list("pk", flat=True)[:BATCH])):
        ShareQuery.objects.filter(pk__in=ids).delete()
    return {"queries of shares": count}
