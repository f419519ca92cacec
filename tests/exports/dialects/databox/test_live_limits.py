"""What is refused because there is too much of it, and what a stop tells."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest
from pytest_django import DjangoDbBlocker
from websockets.exceptions import ConnectionClosed

from exports.models import Delivery
from tests.support.databox import (
    Databox,
    a_socket,
    answered,
    delivering,
    echoes,
    send,
    token,
    wanted,
)
from tests.support.sources import Sources
from tests.support.web import Web

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("limits")
    with (
        django_db_blocker.unblock(),
        delivering(
            "sqlite",
            folder,
            MAX_OPEN_JOBS_PER_CLIENT="3",
            MAX_WAITS_PER_CLIENT="2",
            MAX_BODY_MB="1",
        ) as running,
    ):
        yield running


@pytest.fixture
def three_open(service: Web, destination: Sources) -> Iterator[Databox]:
    """A client that has as many deliveries under way as it may."""
    client = Databox(service, identifier="busy")
    destination.act("/asleep", echoes(after_s=2.0))
    ids = [client.hand_over(destination.url("/asleep"))]
    ids += [client.hand_over(destination.url("/echo")) for _ in range(2)]
    yield client
    for delivery_id in ids:
        answered(delivery_id)


def test_a_client_with_enough_deliveries_is_told_to_come_again(
    three_open: Databox, destination: Sources
) -> None:
    reply = three_open.post("/export", wanted(destination.url("/echo")))
    with a_socket(three_open.service, identifier="busy") as client:
        send(client, destination.url("/echo"))
        frame = client.recv(timeout=5)

    told = "macaroon:busy has 3 unfinished jobs, as many as it may have."
    assert (reply.status_code, reply.text, frame) == (429, told, told)
    assert reply.headers["Content-Type"] == "text/plain"
    assert int(reply.headers["Retry-After"]) >= 1
    assert reply.headers["RateLimit"].startswith('"open-jobs";r=0;t=')


def test_a_client_that_waits_too_often_is_told_so(
    three_open: Databox, destination: Sources
) -> None:
    last = Delivery.objects.order_by("-created_at").first()
    assert last

    def wait(_: int) -> tuple[int, str]:
        path = "/lp/export?timeout=0.8"
        reply = three_open.ask(str(last.pk), path=path)
        return reply.status_code, reply.text

    with ThreadPoolExecutor(3) as aside:
        told = sorted(aside.map(wait, range(3)))

    waited = f'{{"id":"{last.pk}","state":"Pending","ext_response":{{}}}}'
    too_often = "You wait for 2 jobs at once, as many as you may."
    assert told == [(200, waited), (200, waited), (429, too_often)]


@pytest.mark.parametrize("key", ["", token()])
def test_a_body_that_is_too_large_is_not_read(service: Web, key: str) -> None:
    large = b" " * ((1 << 20) + 1)

    reply = Databox(service).post("/export", large, headers={"X-Api-Key": key})

    assert (reply.status_code, reply.text) == (413, "The body is larger than 1 MB.")
    assert reply.headers["Content-Type"] == "text/plain"


def test_all_who_wait_are_answered_when_the_service_stops(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker, destination: Sources
) -> None:
    destination.act("/asleep", echoes(after_s=3.0))
    with (
        django_db_blocker.unblock(),
        delivering("sqlite", tmp_path) as service,
        ThreadPoolExecutor(2) as aside,
        a_socket(service) as talking,
        a_socket(service) as silent,
    ):
        poller = Databox(service, identifier="poller")
        poller.hand_over(destination.url("/asleep"))
        second = poller.hand_over(destination.url("/asleep"))
        send(talking, destination.url("/asleep"))
        frames = [talking.recv(timeout=5), talking.recv(timeout=5)]
        path = "/lp/export?timeout=50"
        poll = aside.submit(poller.ask, second, path=path)
        began = monotonic()
        with pytest.raises(TimeoutError):
            talking.recv(timeout=0.5)

        stopping = aside.submit(service.stop)
        reply = poll.result(10)
        for client in (talking, silent):
            with pytest.raises(ConnectionClosed):
                client.recv(timeout=5)
        told_s = monotonic() - began

        assert stopping.result(30) == 0
    assert len(frames) == 2
    assert reply.json() == {"id": second, "state": "Pending", "ext_response": {}}
    assert (talking.close_code, silent.close_code) == (1012, 1012)
    assert told_s < 2.0
    assert "Traceback" not in (tmp_path / "up.log").read_text()
