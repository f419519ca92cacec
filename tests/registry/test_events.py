"""One event for each end of a revision (contract 3.1.6)."""

from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from registry import events, follow
from registry.models import Event, EventDelivery, Revision
from registry.states import RunState
from tasks import services
from tasks.models import Client as Owner
from tasks.models import Job
from tasks.states import JobState
from tests.support.receivers import (
    delivery,
    subscribed,
    told,
)
from tests.support.sources import Sources
from tests.support.specstore import (
    revision_of,
    run_jobs,
    run_to_end,
    spec_of,
    table,
    uploaded,
)
from tests.support.threads import at_once
from tests.tasks.outbound.servers import ok

pytestmark = pytest.mark.django_db(transaction=True)


def without_time(body: dict[str, Any]) -> dict[str, Any]:
    assert datetime.fromisoformat(body["timestamp"]).tzinfo
    return {key: value for key, value in body.items() if key != "timestamp"}


def failing(sources: Sources, name: str = "a") -> dict[str, Any]:
    return table(name, sources.fails(f"/{name}.csv", "404 Not Found"), "n")


def test_a_success_is_told_with_the_contracts_fields(
    client: Client, sources: Sources
) -> None:
    subscribed(sources)
    spec = spec_of()
    spec["meta"]["owner"] = "My Name"

    run_to_end(client, spec)

    [body] = told(sources)
    assert without_time(body) == {
        "type": "flow.finish",
        "source": "flow",
        "event": "finish",
        "status": "OK",
        "findability": "published",
        "owner": "My Name",
        "ownerid": "me",
        "dataset": "id",
        "flow_id": "me/id/1",
        "pipeline_id": "me/id/1",
        "payload": {"flow-id": "me/id/1", "errors": []},
    }
    assert delivery().delivered_at


def test_a_failure_is_told_with_its_errors_and_as_private(
    client: Client, sources: Sources
) -> None:
    subscribed(sources)

    revision = run_to_end(client, spec_of(failing(sources)))

    [body] = told(sources)
    assert (body["status"], body["findability"]) == ("FAIL", "private")
    assert body["payload"] == {"flow-id": "me/id/1", "errors": revision["error_log"]}
    assert body["payload"]["errors"]
    assert body["pipeline_id"] == "me/id/1/a", "not what merely followed from it"


@pytest.mark.parametrize("findability", ["unlisted", "private"])
def test_only_a_published_success_is_told_as_published(
    client: Client, sources: Sources, findability: str
) -> None:
    spec = spec_of()
    spec["meta"]["findability"] = findability

    run_to_end(client, spec)

    assert Event.objects.get().body["findability"] == "private"


def test_many_long_errors_are_clipped(client: Client, sources: Sources) -> None:
    uploaded(client, spec_of())
    revision = Revision.objects.get()
    revision.error_log = ["x" * 5000] * 500
    revision.state = RunState.FAILED

    event = events.announce(revision, at=revision.created_at)

    assert event.body["payload"]["errors"] == ["x" * 400] * 50


def test_there_is_one_event_also_where_nobody_listens(client: Client) -> None:
    run_to_end(client, spec_of())

    assert Event.objects.count() == 1
    assert not EventDelivery.objects.exists()
    assert not Job.objects.exclude(kind="registry.pipeline").exists()


def test_nothing_is_told_before_the_end(client: Client, sources: Sources) -> None:
    subscribed(sources)

    uploaded(client, spec_of())

    assert not Event.objects.exists()


def test_a_revision_that_ends_again_is_told_again(
    client: Client, sources: Sources
) -> None:
    subscribed(sources)
    run_to_end(client, spec_of(failing(sources)))
    sources.put("/a.csv", b"n\n1\n")

    services.retry(Job.objects.get(kind="registry.pipeline", state=JobState.FAILED))
    run_jobs()

    assert [body["status"] for body in told(sources)] == ["FAIL", "OK"]
    first, second = Event.objects.order_by("created_at")
    assert first.pk != second.pk


def test_settling_once_more_tells_nothing(client: Client) -> None:
    run_to_end(client, spec_of())

    for _ in range(3):
        with transaction.atomic():
            follow.settle(Revision.objects.get())

    assert Event.objects.count() == 1


def test_an_end_that_is_rolled_back_is_told_to_nobody(
    client: Client, sources: Sources
) -> None:
    subscribed(sources)
    uploaded(client, spec_of())

    with transaction.atomic():
        revision = Revision.objects.select_for_update().get()
        revision.pipelines.update(state=RunState.FAILED)
        follow.settle(revision)
        assert Event.objects.exists()
        transaction.set_rollback(True)

    assert not Event.objects.exists()
    assert not Job.objects.filter(kind="registry.event").exists()


def test_eight_threads_that_end_pipelines_make_one_event(
    client: Client, sources: Sources
) -> None:
    subscribed(sources)
    tables = [table(f"t{n}", sources.put(f"/{n}.csv", b"n\n1\n")) for n in range(8)]
    uploaded(client, spec_of(*tables))
    jobs = list(Job.objects.all())
    assert len(jobs) == 8

    at_once(8, lambda: services.cancel(jobs.pop()))

    assert revision_of(client, "me/id/1")["state"] == "FAILED"
    assert Event.objects.count() == EventDelivery.objects.count() == 1


def test_eight_revisions_that_end_at_once_are_told_of_once_each(
    client: Client, sources: Sources
) -> None:
    for number in range(4):
        subscribed(sources, path=f"/hook-{number}")
    for number in range(8):
        spec = spec_of(table("t", sources.put("/t.csv", b"n\n1\n")))
        uploaded(client, {**spec, "meta": {**spec["meta"], "version": number}})
    jobs = list(Job.objects.all())

    at_once(8, lambda: services.cancel(jobs.pop()))

    assert Event.objects.values("revision").distinct().count() == 8
    assert Event.objects.count() == 8
    assert EventDelivery.objects.count() == 32
    assert Owner.objects.filter(name="registry: events").count() == 1


def test_an_owner_whose_receiver_is_down_may_still_upload(
    client: Client, sources: Sources
) -> None:
    """What waits for a receiver does not count against the owner's own jobs."""
    subscribed(sources, ok(b"", status="503 Service Unavailable"))
    run_to_end(client, spec_of())

    waiting = Job.objects.exclude(client__name="jwt:me")

    assert [job.kind for job in waiting] == ["registry.event"]
