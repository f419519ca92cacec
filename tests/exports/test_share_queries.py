"""Queries of shares: what they narrow, when they end, and who is handed the answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from exports import appending, links, share_queries, sharing
from exports.models import Share, ShareQuery
from exports.share_queries import Collected, Expired, NoSuchQuery, QueryFailed
from exports.sharing import NoSuchShare, NotTheirs
from tasks import prune as tasks_prune
from tasks import services
from tasks.engine import shift
from tasks.errors import TooManyJobs
from tasks.models import Artifact, Job
from tests.support.jobs import a_client
from tests.support.sharing import (
    Event,
    a_query,
    a_share,
    a_stream,
    put,
    read_page,
    some_events,
)
from tests.support.threads import at_once

HOUR = timedelta(hours=1)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_store"),
]


def found(query: ShareQuery) -> ShareQuery:
    return share_queries.find(
        client=query.client,
        share=query.share,
        query_id=query.pk,
        at=timezone.now(),
    )


def read(share: Share, **asked: Any) -> list[Event]:
    """Ask, let a worker answer if one is needed, and take the events."""
    query = a_query(share, **asked)
    shift.answer()
    return read_page(found(query))


def numbers(share: Share, **asked: Any) -> list[str]:
    return [one["n"] for one in read(share, **asked)]


def shared(count: int = 6, **terms: Any) -> Share:
    share = a_share(**terms)
    put(share.stream, some_events(count, cc="FI"))
    return share


def test_what_is_assembled_needs_no_worker() -> None:
    query = a_query(shared())

    assert (query.job, query.answer["rows"]) == (None, 6)  # type: ignore[index]
    assert Job.objects.count() == 0


def test_what_must_be_computed_is_a_job_in_its_clients_lane() -> None:
    query = a_query(shared(), filter="n = 3")

    assert query.job is not None
    assert (query.job.kind, query.job.client.name) == ("exports.share_query", "alice")
    assert query.job.lane_id == f"share:{a_client('alice').pk}"
    assert numbers(query.share, filter="n = 3") == ["3"]


def test_a_refused_query_leaves_nothing_behind(settings: Settings) -> None:
    share = shared()
    settings.MAX_OPEN_JOBS_PER_CLIENT = 0

    with pytest.raises(TooManyJobs):
        a_query(share, filter="n = 3")

    assert (ShareQuery.objects.count(), Job.objects.count()) == (0, 0)


def test_a_projection_only_narrows_what_the_share_shows() -> None:
    share = shared(1, keys=["n"])

    plain = read(share)
    narrowed = read(share, projection=("n", "cc"))
    nothing = read(share, projection=("cc",))

    assert [sorted(one) for one in plain] == [["insertion time", "n", "uuid"]]
    assert (narrowed, nothing) == ([{"n": "0"}], [{}])


def test_the_shares_own_filter_and_the_querys_both_hold() -> None:
    share = shared(filter="no n = 1")

    assert numbers(share) == ["0", "2", "3", "4", "5"]
    assert numbers(share, filter="n = 1 or n = 2") == ["2"]


def test_a_row_limit_is_the_most_that_a_query_gets() -> None:
    share = shared(row_limit=2)

    assert numbers(share, limit=100) == ["0", "1"]
    assert numbers(share, limit=1) == ["0"]


@pytest.mark.parametrize("by_id", [False, True])
def test_a_window_holds_in_any_order(by_id: bool) -> None:
    share = a_share(
        time_key="at",
        window_start=datetime(2026, 1, 2, tzinfo=UTC),
        window_end=datetime(2026, 1, 4, tzinfo=UTC),
    )
    put(share.stream, [{"n": str(n), "at": f"2026-01-0{n}"} for n in (1, 2, 3, 4, 5)])

    assert numbers(share, by_id=by_id) == ["2", "3"]
    wider = datetime(2025, 1, 1, tzinfo=UTC)
    assert numbers(share, start=wider, by_id=by_id) == ["2", "3"]


def test_the_order_is_that_of_the_events_times_or_of_their_insertion() -> None:
    share = a_share(time_key="at")
    put(share.stream, [{"n": "a", "at": "2026-01-02"}, {"n": "b", "at": "2026-01-01"}])
    put(share.stream, [{"n": "c", "at": "2026-01-01T12:00:00"}])

    assert numbers(share) == ["b", "c", "a"]
    assert numbers(share, reverse=True) == ["a", "c", "b"]
    assert numbers(share, by_id=True) == ["a", "b", "c"]
    assert numbers(share, by_id=True, reverse=True) == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 6),
        ({"limit": 4}, 4),
        ({"filter": "n = 1 or n = 2"}, 2),
        ({"start": datetime(2100, 1, 1, tzinfo=UTC)}, 0),
    ],
)
def test_a_count_is_of_what_would_be_shown(asked: dict[str, Any], count: int) -> None:
    query = a_query(shared(row_limit=3), is_count=True, **asked)
    shift.answer()

    assert found(query).answer == {"count": count}


def test_only_its_client_finds_a_query() -> None:
    query = a_query(shared())
    query.client = a_client("bob")

    with pytest.raises(NoSuchQuery):
        found(query)


def test_a_query_of_another_share_is_not_found() -> None:
    query = a_query(shared())
    query.share = a_share("other")

    with pytest.raises(NoSuchQuery):
        found(query)


def test_of_many_who_ask_at_once_one_is_handed_the_answer() -> None:
    query = a_query(shared())

    def claim() -> bool:
        try:
            share_queries.claim(found(query), at=timezone.now())
        except Collected:
            return False
        return True

    assert sorted(at_once(8, claim)) == [False] * 7 + [True]


def test_an_answer_that_was_given_back_can_be_asked_for_at_once() -> None:
    query = a_query(shared())
    share_queries.claim(query, at=timezone.now())
    share_queries.give_back(query)

    share_queries.claim(found(query), at=timezone.now())


def test_an_answer_whose_taker_fell_silent_is_free_after_a_while() -> None:
    query = a_query(shared())
    now = timezone.now()
    share_queries.claim(query, at=now - timedelta(seconds=40))
    share_queries.claim(found(query), at=now - timedelta(seconds=5))

    with pytest.raises(Collected):
        share_queries.claim(found(query), at=now)


def test_an_answer_that_is_still_being_taken_is_not_free() -> None:
    query = a_query(shared())
    now = timezone.now()
    share_queries.claim(query, at=now - timedelta(seconds=40))
    share_queries.renew(query, at=now)

    with pytest.raises(Collected):
        share_queries.claim(found(query), at=now)


def test_what_was_fetched_is_gone_and_its_file_is_pruned() -> None:
    query = a_query(shared(), filter="n = 3")
    shift.answer()
    query = found(query)
    share_queries.claim(query, at=timezone.now())
    share_queries.collected(query, at=timezone.now())

    with pytest.raises(Collected):
        found(query)
    tasks_prune.prune(before=timezone.now() - HOUR)
    assert not Artifact.objects.filter(name="events.json.gz").exists()


def test_what_nobody_fetched_is_expired_and_later_unknown() -> None:
    query = a_query(shared())
    at = timezone.now()
    row = ShareQuery.objects.filter(pk=query.pk)

    row.update(finished_at=at - timedelta(minutes=11))
    with pytest.raises(Expired):
        found(query)
    row.update(finished_at=at - timedelta(minutes=80))
    with pytest.raises(NoSuchQuery):
        found(query)


def test_a_cancelled_query_is_not_found() -> None:
    query = a_query(shared(), filter="n = 3")
    assert query.job is not None
    services.cancel(query.job)

    with pytest.raises(NoSuchQuery):
        found(query)


def test_old_queries_are_pruned() -> None:
    old, new = a_query(shared()), a_query(shared())
    at = timezone.now()
    ShareQuery.objects.filter(pk=old.pk).update(created_at=at - timedelta(days=8))

    counted = share_queries.prune(at=at, dry_run=True)
    pruned = share_queries.prune(at=at, dry_run=False)

    assert counted == pruned == {"queries of shares": 1}
    assert ShareQuery.objects.get() == new


def test_a_share_is_only_for_its_clients_and_its_streams_owner() -> None:
    share = shared()
    at = timezone.now()

    for reader in ("alice", "owner"):
        sharing.find_share(client=a_client(reader), share_id=share.pk, at=at)
    with pytest.raises(NotTheirs):
        sharing.find_share(client=a_client("bob"), share_id=share.pk, at=at)


def test_a_share_that_is_over_is_not_found() -> None:
    at = timezone.now()
    expired, revoked = shared(expires_at=at), shared()
    sharing.revoke(Share.objects.filter(pk=revoked.pk), at=at)

    for share in (expired, revoked):
        with pytest.raises(NoSuchShare):
            sharing.find_share(client=a_client("alice"), share_id=share.pk, at=at)


def test_who_looks_at_the_job_is_told_where_the_results_are() -> None:
    query = a_query(shared(), filter="n = 3")
    assert query.job is not None

    path = f"/shares/v2/async/{query.share_id}/results/{query.pk}"
    assert links.results_of([query.job.pk]) == {query.job.pk: path}


def test_a_failed_query_says_so() -> None:
    query = a_query(shared(), filter="n = 3")
    Job.objects.filter(share_query=query).update(state="failed", due_at=None)

    with pytest.raises(QueryFailed):
        found(query)


def test_an_unpublished_stream_is_made_once() -> None:
    assert a_stream("one") == a_stream("one")
    assert appending.stream_named("one", client=a_client("bob")).client.name == "owner"
