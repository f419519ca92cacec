"""Delivering an event: what receivers get, and what becomes of their answers."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from registry.models import Subscription
from tasks.engine import retry
from tasks.models import JobEvent
from tasks.states import JobState
from tests.support.receivers import (
    deliver,
    delivery,
    event_job,
    ids_of,
    is_signed_by,
    subscribed,
)
from tests.support.sources import Sources
from tests.support.specstore import (
    run_jobs,
    run_to_end,
    spec_of,
)
from tests.tasks.outbound.servers import Server, ok

pytestmark = pytest.mark.django_db(transaction=True)

BUSY = ok(b"", status="503 Service Unavailable")
LATER = ok(b"", "Retry-After: 60", status="503 Service Unavailable")


def waits() -> list[float]:
    retries = JobEvent.objects.filter(job=event_job(), kind=JobEvent.Kind.RETRY)
    return [one.data["wait_s"] for one in retries.order_by("pk")]


def test_a_receiver_gets_signed_json(client: Client, sources: Sources) -> None:
    subscription = subscribed(sources)

    run_to_end(client, spec_of())

    [request] = sources.seen["/hook"]
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == str(delivery().event.pk)
    age_s = time.time() - int(request.headers["webhook-timestamp"])
    assert -1 < age_s < 30
    assert is_signed_by(subscription.secret, request)
    assert request.headers["webhook-signature"].count("v1,") == 1


def test_the_answer_to_a_delivery_is_kept(client: Client, sources: Sources) -> None:
    subscribed(sources, ok(b"<b>thanks</b>\n\x00\x07" + b"x" * 9000))

    run_to_end(client, spec_of())

    got = delivery()
    assert (got.status, got.answer[:13]) == (200, "<b>thanks</b>")
    assert got.answer.isprintable()
    assert len(got.answer) <= 1000
    assert got.delivered_at
    assert event_job().state == JobState.SUCCEEDED


@pytest.mark.parametrize("status", ["201 Created", "202 Accepted", "204 No Content"])
def test_any_2xx_is_a_delivery(client: Client, sources: Sources, status: str) -> None:
    subscribed(sources, ok(b"", status=status))

    run_to_end(client, spec_of())

    assert delivery().delivered_at


def test_a_receiver_that_is_down_gets_the_same_event_when_it_is_up_again(
    client: Client, sources: Sources
) -> None:
    subscription = subscribed(sources, b"", BUSY, BUSY, ok())

    run_to_end(client, spec_of())

    requests = sources.seen["/hook"]
    assert len(requests) == 4
    assert len(ids_of(requests)) == len({one.body for one in requests}) == 1
    assert all(is_signed_by(subscription.secret, one) for one in requests)
    assert event_job().retries == 3
    assert (delivery().status, delivery().answer) == (200, "")


def test_a_receiver_where_nobody_listens_gets_it_later(
    client: Client, sources: Sources
) -> None:
    with Server() as closed:
        port = closed.port
    subscription = subscribed(sources)
    subscription.url = f"http://127.0.0.1:{port}/hook"
    subscription.save()
    deliver(client)
    assert (delivery().status, event_job().state) == (None, JobState.QUEUED)
    assert "could not be connected to" in delivery().answer

    with Server(port=port) as receiver:
        run_jobs()

    assert receiver.hits == 1
    assert delivery().delivered_at


@pytest.mark.parametrize(
    "status", ["429 Too Many Requests", "503 Service Unavailable", "500 Oops"]
)
def test_a_receiver_that_names_a_time_is_left_alone_until_then(
    client: Client, sources: Sources, status: str
) -> None:
    subscribed(sources, ok(b"later", "Retry-After: 1800", status=status), ok())

    deliver(client)

    due_at = event_job().due_at
    assert due_at
    assert due_at > timezone.now() + timedelta(seconds=1790)
    assert (delivery().status, delivery().answer) == (int(status[:3]), "later")
    run_jobs()
    assert delivery().delivered_at


def test_tries_go_on_for_about_a_day(client: Client, sources: Sources) -> None:
    subscribed(sources, BUSY)

    run_to_end(client, spec_of())

    assert event_job().state == JobState.FAILED
    assert len(sources.seen["/hook"]) == 29
    assert len(ids_of(sources.seen["/hook"])) == 1
    assert 8 * 3600 < sum(waits()) < 48 * 3600
    assert max(waits()) <= 3 * 3600
    longest = [min(2**n, 3 * 3600) for n in range(28)]
    assert 20 * 3600 < sum(longest) / 2 < 28 * 3600, "the mean of full jitter"


def test_other_kinds_of_job_wait_no_longer_than_before() -> None:
    assert max(retry.wait_s(30) for _ in range(100)) <= 60


@pytest.mark.parametrize(
    "status",
    [
        *("400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found"),
        *("405 Method Not Allowed", "422 Unprocessable", "304 Not Modified"),
    ],
)
def test_an_answer_that_will_not_get_better_ends_it(
    client: Client, sources: Sources, status: str
) -> None:
    subscribed(sources, ok(b"" if status[0] == "3" else b"no", status=status))

    run_to_end(client, spec_of())

    assert len(sources.seen["/hook"]) == 1
    assert event_job().state == JobState.FAILED
    assert delivery().status == int(status[:3])
    assert delivery().delivered_at is None
    assert Subscription.objects.get().disabled_at is None


def test_a_receiver_that_is_down_does_not_stop_what_goes_to_another(
    client: Client, sources: Sources
) -> None:
    subscribed(sources, LATER, path="/down")
    subscribed(sources, path="/up")

    deliver(client)

    assert len(sources.seen["/up"]) == 1


@pytest.mark.parametrize("gone", ["subscription", "revision"])
def test_a_job_whose_event_was_deleted_ends(
    client: Client, sources: Sources, gone: str
) -> None:
    subscription = subscribed(sources, LATER)
    deliver(client)
    parent: Any = {
        "subscription": subscription,
        "revision": delivery().event.revision,
    }[gone]

    parent.delete()
    run_jobs()

    assert len(sources.seen["/hook"]) == 1
    assert event_job().state == JobState.SUCCEEDED
