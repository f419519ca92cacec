"""Delivering an event: what receivers get, and what becomes of their answers."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from registry import signing, subscriptions
from registry.models import Subscription
from tasks import services
from tasks.engine import retry, shift
from tasks.models import Job, JobEvent
from tasks.outbound.policy import parse_policy
from tasks.states import JobState
from tests.support.receivers import delivery, ids, subscribed
from tests.support.sources import Sources
from tests.support.specstore import run_jobs, run_to_end, spec_of, uploaded
from tests.tasks.outbound.servers import Answer, Connection, Request, Server, ok

pytestmark = pytest.mark.django_db(transaction=True)

BUSY = ok(b"", status="503 Service Unavailable")
LATER = ok(b"", "Retry-After: 60", status="503 Service Unavailable")


def job() -> Job:
    return Job.objects.get(kind="registry.event")


def waits() -> list[float]:
    retries = JobEvent.objects.filter(job=job(), kind=JobEvent.Kind.RETRY)
    return [one.data["wait_s"] for one in retries.order_by("pk")]


def deliver(client: Client) -> None:
    """Run a revision to its end, and try its event once."""
    uploaded(client, spec_of())
    shift.answer()


def is_signed_by(secret: str, request: Request) -> bool:
    signature = signing.sign(
        secret,
        message_id=request.headers["webhook-id"],
        at_s=int(request.headers["webhook-timestamp"]),
        body=request.body,
    )
    return signature in request.headers["webhook-signature"].split(" ")


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
    assert job().state == JobState.SUCCEEDED


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
    assert len(ids(requests)) == len({one.body for one in requests}) == 1
    assert all(is_signed_by(subscription.secret, one) for one in requests)
    assert job().retries == 3
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
    assert (delivery().status, job().state) == (None, JobState.QUEUED)
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

    due_at = job().due_at
    assert due_at
    assert due_at > timezone.now() + timedelta(seconds=1790)
    assert (delivery().status, delivery().answer) == (int(status[:3]), "later")
    run_jobs()
    assert delivery().delivered_at


def test_tries_go_on_for_about_a_day(client: Client, sources: Sources) -> None:
    subscribed(sources, BUSY)

    run_to_end(client, spec_of())

    assert job().state == JobState.FAILED
    assert len(sources.seen["/hook"]) == 29
    assert len(ids(sources.seen["/hook"])) == 1
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
    assert job().state == JobState.FAILED
    assert delivery().status == int(status[:3])
    assert delivery().delivered_at is None
    assert Subscription.objects.get().disabled_at is None


def test_410_ends_the_subscription(client: Client, sources: Sources) -> None:
    subscribed(sources, ok(b"gone", status="410 Gone"))

    run_to_end(client, spec_of())
    run_to_end(client, spec_of())

    assert Subscription.objects.get().disabled_at
    assert len(sources.seen["/hook"]) == 1
    assert (delivery().status, job().state) == (410, JobState.FAILED)


def test_what_is_on_its_way_to_one_who_is_disabled_is_not_sent(
    client: Client, sources: Sources
) -> None:
    subscription = subscribed(sources, LATER)
    deliver(client)

    subscriptions.disable(subscription=subscription, at=timezone.now())
    run_jobs()

    assert len(sources.seen["/hook"]) == 1
    assert (job().state, job().error_code) == (JobState.FAILED, "disabled")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 No", "308 No"])
def test_a_redirect_is_not_followed(
    client: Client, sources: Sources, status: str
) -> None:
    with Server() as inside:
        moved = ok(b"", f"Location: {inside.origin}/", status=status)
        subscribed(sources, moved)
        run_to_end(client, spec_of())

    assert inside.hits == 0
    assert len(sources.seen["/hook"]) == 1
    assert (delivery().status, job().state) == (int(status[:3]), JobState.FAILED)


def test_nothing_is_sent_to_an_address_that_is_not_allowed(
    client: Client, sources: Sources, settings: Settings
) -> None:
    """Also where it was allowed as they subscribed, or a name leads there by now."""
    subscribed(sources)
    settings.OUTBOUND = parse_policy(ports="any")

    run_to_end(client, spec_of())

    assert sources.hits == 0
    assert (job().state, job().error_code) == (JobState.FAILED, "address")
    assert "not allowed" in delivery().answer


def test_a_port_that_is_not_allowed_for_fetching_is_not_for_events_either(
    client: Client, sources: Sources, settings: Settings
) -> None:
    subscribed(sources)
    settings.OUTBOUND = parse_policy(allow_nets="127.0.0.0/8")

    run_to_end(client, spec_of())

    assert (sources.hits, job().error_code) == (0, "port")


def dripping(peer: Connection, _: Request) -> None:
    peer.drip(*[b"HTTP/1.1 103 Early Hints\r\n\r\n"] * 1000)


def dripping_headers(peer: Connection, _: Request) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\n")
    peer.drip(*[b"X-A: b\r\n"] * 1000)


def dripping_body(peer: Connection, _: Request) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    peer.drip(*[b"x"] * 1000)


def test_a_receiver_that_drips_is_cut_off_and_tried_again(
    client: Client, sources: Sources, settings: Settings
) -> None:
    settings.OUTBOUND = replace(settings.OUTBOUND, total_timeout_s=0.5)
    subscribed(sources, dripping, ok())
    began = time.monotonic()

    run_to_end(client, spec_of())

    assert time.monotonic() - began < 10
    [cut_off] = JobEvent.objects.filter(job=job(), kind=JobEvent.Kind.RETRY)
    assert cut_off.data["code"] == "total_timeout"
    assert "took longer than allowed" in cut_off.data["message"]
    assert delivery().delivered_at


@pytest.mark.parametrize("rest", [dripping_headers, dripping_body])
def test_a_receiver_that_took_it_but_drips_the_rest_has_it(
    client: Client, sources: Sources, settings: Settings, rest: Answer
) -> None:
    settings.OUTBOUND = replace(settings.OUTBOUND, total_timeout_s=0.5)
    subscribed(sources, rest)

    run_to_end(client, spec_of())

    assert delivery().delivered_at
    assert len(sources.seen["/hook"]) == 1


@pytest.mark.parametrize("body", [b"x" * (1 << 20), b"\xff\xfe\xed" * 100])
def test_a_receiver_may_say_what_it_likes(
    client: Client, sources: Sources, body: bytes
) -> None:
    subscribed(sources, ok(body))

    run_to_end(client, spec_of())

    assert delivery().delivered_at
    assert len(delivery().answer) <= 1000


def test_both_secrets_sign_for_a_day_after_a_rotation(
    client: Client, sources: Sources
) -> None:
    subscription = subscribed(sources)
    old = subscription.secret

    new = subscriptions.rotate_secret(subscription=subscription, at=timezone.now())
    run_to_end(client, spec_of())
    Subscription.objects.update(old_secret_until=timezone.now())
    run_to_end(client, spec_of())

    during, after = sources.seen["/hook"]
    assert is_signed_by(new, during)
    assert is_signed_by(old, during)
    assert during.headers["webhook-signature"].startswith("v1,")
    assert is_signed_by(new, after)
    assert not is_signed_by(old, after)
    assert after.headers["webhook-signature"].count("v1,") == 1


def test_the_old_secret_is_good_for_a_day() -> None:
    made, secret = subscriptions.subscribe(owner="me", url="http://127.0.0.1/")
    at = datetime(2026, 1, 1, tzinfo=UTC)

    new = subscriptions.rotate_secret(subscription=made, at=at)

    made.refresh_from_db()
    assert made.secrets_at(at + timedelta(hours=23)) == [new, secret]
    assert made.secrets_at(at + timedelta(hours=24)) == [new]


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
    assert job().state == JobState.SUCCEEDED


def test_staff_may_retry_a_failed_delivery_as_any_job(
    client: Client, sources: Sources
) -> None:
    subscribed(sources, ok(b"", status="404 Not Found"), ok())
    run_to_end(client, spec_of())

    services.retry(job())
    run_jobs()

    assert delivery().delivered_at
