"""Receivers that would lead us elsewhere, or keep us waiting."""

import time
from dataclasses import replace

import pytest
from django.test import Client
from pytest_django import Settings

from tasks.models import JobEvent
from tasks.outbound.policy import parse_policy
from tasks.states import JobState
from tests.support.receivers import (
    delivery,
    event_job,
    subscribed,
)
from tests.support.sources import Sources
from tests.support.specstore import (
    run_to_end,
    spec_of,
)
from tests.tasks.outbound.servers import Answer, Connection, Request, Server, ok

pytestmark = pytest.mark.django_db(transaction=True)


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
    assert (delivery().status, event_job().state) == (int(status[:3]), JobState.FAILED)


def test_nothing_is_sent_to_an_address_that_is_not_allowed(
    client: Client, sources: Sources, settings: Settings
) -> None:
    """Also where it was allowed as they subscribed, or a name leads there by now."""
    subscribed(sources)
    settings.OUTBOUND = parse_policy(ports="any")

    run_to_end(client, spec_of())

    assert sources.hits == 0
    assert (event_job().state, event_job().error_code) == (JobState.FAILED, "address")
    assert "not allowed" in delivery().answer


def test_a_port_that_is_not_allowed_for_fetching_is_not_for_events_either(
    client: Client, sources: Sources, settings: Settings
) -> None:
    subscribed(sources)
    settings.OUTBOUND = parse_policy(allow_nets="127.0.0.0/8")

    run_to_end(client, spec_of())

    assert (sources.hits, event_job().error_code) == (0, "port")


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
    [cut_off] = JobEvent.objects.filter(job=event_job(), kind=JobEvent.Kind.RETRY)
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
