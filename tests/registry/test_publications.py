"""Data sets that are shared: their rows become events, and new revisions append."""

import pytest
from django.test import Client

from exports.models import Batch, EventStream, Share
from exports.sharing import Terms
from registry import publications
from registry.errors import NotPublishable
from registry.models import Dataset, Revision
from tasks.models import Job
from tests.support.jobs import a_client
from tests.support.sharing import Event, a_query, read_page
from tests.support.sources import Sources, csv_of
from tests.support.specstore import run_jobs, run_to_end, spec_of, table
from tests.tasks.outbound.servers import ok

FIELDS = ("n", "at", "cc")
FIRST = csv_of([FIELDS, ("1", "2026-01-02", "FI"), ("2", "2026-01-01", "")])
SECOND = csv_of([FIELDS, ("1", "2026-01-02", "FI"), ("3", "2026-01-03", "SE")])

pytestmark = pytest.mark.django_db(transaction=True)


def published(name: str = "t", time_key: str | None = "at") -> Share:
    share = publications.publish(
        dataset=Dataset.objects.get(),
        resource=name,
        time_key=time_key,
        clients=[a_client("alice")],
        terms=Terms(),
    )
    run_jobs()
    return share


def events_of(share: Share) -> list[Event]:
    query = a_query(share)
    run_jobs()
    query.refresh_from_db()
    return read_page(query)


def told(share: Share) -> list[Event]:
    """Return the events without what the stream adds to them."""
    ours = {"uuid", "insertion time"}
    return [
        {key: value for key, value in one.items() if key not in ours}
        for one in events_of(share)
    ]


def test_the_rows_of_the_newest_successful_revision_are_events(
    client: Client, sources: Sources
) -> None:
    run_to_end(client, spec_of(table("t", sources.put("/t.csv", FIRST), *FIELDS)))

    share = published()

    # By their own time; an empty cell is no key.
    assert told(share) == [
        {"n": "2", "at": "2026-01-01"},
        {"n": "1", "at": "2026-01-02", "cc": "FI"},
    ]
    assert share.stream.name == "me/id#t"
    batch = Batch.objects.get()
    assert (batch.number, batch.rows, batch.origin) == (1, 2, "me/id/1")


def test_a_new_revision_appends_what_is_new(client: Client, sources: Sources) -> None:
    url = sources.act("/t.csv", ok(FIRST), ok(SECOND))
    spec = spec_of(table("t", url, *FIELDS))
    run_to_end(client, spec)
    share = published()
    before = {one["uuid"] for one in events_of(share)}

    run_to_end(client, spec)

    assert [one["n"] for one in told(share)] == ["2", "1", "3"]
    assert before < {one["uuid"] for one in events_of(share)}
    batches = Batch.objects.order_by("number").values_list("rows", "origin")
    assert list(batches) == [(2, "me/id/1"), (1, "me/id/2")]


def test_the_same_revision_twice_adds_nothing(client: Client, sources: Sources) -> None:
    run_to_end(client, spec_of(table("t", sources.put("/t.csv", FIRST), *FIELDS)))
    published()

    again = published()

    assert len(events_of(again)) == 2
    assert Batch.objects.count() == 1


def test_a_failed_revision_appends_nothing(client: Client, sources: Sources) -> None:
    url = sources.act("/t.csv", ok(FIRST), ok(b"", status="404 Not Found"))
    spec = spec_of(table("t", url, *FIELDS))
    run_to_end(client, spec)
    share = published()

    assert run_to_end(client, spec)["state"] == "FAILED"

    assert len(events_of(share)) == 2


def test_what_is_not_shared_makes_no_stream(client: Client, sources: Sources) -> None:
    run_to_end(client, spec_of(table("t", sources.put("/t.csv", FIRST), *FIELDS)))

    assert not EventStream.objects.exists()
    assert not Job.objects.filter(kind="registry.publish").exists()


def test_only_a_table_of_a_successful_revision_can_be_shared(
    client: Client, sources: Sources
) -> None:
    url = sources.fails("/t.csv", "404 Not Found")
    run_to_end(client, spec_of(table("t", url, *FIELDS)))

    with pytest.raises(NotPublishable, match="no table 't'"):
        published()

    assert not EventStream.objects.exists()


def test_a_stream_keeps_its_time_key(client: Client, sources: Sources) -> None:
    run_to_end(client, spec_of(table("t", sources.put("/t.csv", FIRST), *FIELDS)))
    published(time_key="at")

    assert published(time_key=None).stream.time_key == "at"
    with pytest.raises(NotPublishable, match="is 'at'"):
        published(time_key="n")


def test_a_revision_that_was_deleted_before_its_turn_is_no_fault(
    client: Client, sources: Sources
) -> None:
    run_to_end(client, spec_of(table("t", sources.put("/t.csv", FIRST), *FIELDS)))
    publications.publish(
        dataset=Dataset.objects.get(),
        resource="t",
        time_key=None,
        clients=[],
        terms=Terms(),
    )
    Revision.objects.all().delete()

    run_jobs()

    job = Job.objects.get(kind="registry.publish")
    assert (job.state, Batch.objects.count()) == ("succeeded", 0)
