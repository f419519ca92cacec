"""WebSockets of `manage.py up`, as clients with and without good manners see them."""

import json
import socket as sockets
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import UUID

import pytest
from pytest_django import DjangoDbBlocker
from websockets.exceptions import ConnectionClosed

from tests.support.backends import why_not
from tests.support.polling import until
from tests.support.waiting import (
    a_job,
    follow_path,
    open_socket,
    refusal,
    waiting_service,
)
from tests.support.web import Web

pytestmark = pytest.mark.live
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Web]:
    if reason := why_not(request.param):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("sockets")
    with (
        django_db_blocker.unblock(),
        waiting_service(
            request.param, folder, MAX_WAITS="30", MAX_WAITS_PER_CLIENT="10"
        ) as running,
    ):
        yield running


def waits(service: Web) -> int:
    with open_socket(service, "/test/waits") as client:
        client.send("?")
        return int(client.recv(timeout=5))


def test_a_job_is_followed_to_its_end(service: Web) -> None:
    job = a_job(steps=4, pause_s=0.3)

    with open_socket(service, follow_path(job.pk)) as client:
        frames = [json.loads(frame) for frame in client]

    revs = [frame["rev"] for frame in frames]
    assert frames[-1] == {"rev": revs[-1], "state": "succeeded", "done": 4}
    assert len(frames) >= 4
    assert revs == sorted(set(revs))
    assert (client.close_code, client.close_reason) == (1000, "")


def test_a_client_that_closes_is_forgotten(service: Web) -> None:
    job = a_job(steps=1, pause_s=5)
    with open_socket(service, follow_path(job.pk)) as client:
        client.recv(timeout=5)
        before = waits(service)

    assert before == 1
    until(lambda: waits(service) == 0, within_s=3, what="its watch is gone")


def test_a_client_that_breaks_off_is_forgotten(service: Web) -> None:
    job = a_job(steps=1, pause_s=5)
    with sockets.create_connection(("127.0.0.1", service.port)) as raw:
        raw.sendall(HANDSHAKE.format(path=follow_path(job.pk)).encode())
        assert raw.recv(12) == b"HTTP/1.1 101"
        until(lambda: waits(service) == 1, within_s=3, what="it is watched")

    until(lambda: waits(service) == 0, within_s=3, what="its watch is gone")


def test_frames_come_back_in_order_also_when_many_are_sent_at_once(
    service: Web,
) -> None:
    sent = [f"frame {number}" for number in range(200)]

    with open_socket(service, "/test/echo") as client:
        for text in sent:
            client.send(text)
        got = [client.recv(timeout=5) for _ in sent]
        client.send(b"\x00\xff\x00")
        size = client.recv(timeout=5)

    assert (got, size) == (sent, "3 B")


def test_a_frame_that_is_too_large_closes_1009(service: Web) -> None:
    with open_socket(service, "/test/echo") as client:
        client.send("x" * ((1 << 20) + 1))
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=5)

    assert client.close_code == 1009


def test_an_unknown_path_is_an_empty_404(service: Web) -> None:
    reply = refusal(service, "/nothing/here")

    assert (reply.status_code, reply.body) == (404, b"")


def test_an_unknown_thing_is_what_its_door_says(service: Web) -> None:
    with (
        open_socket(service, "/test/unknown") as client,
        pytest.raises(ConnectionClosed),
    ):
        client.recv(timeout=5)

    assert (client.close_code, client.close_reason) == (4404, "no such thing")


def test_a_door_may_refuse_the_handshake_in_its_own_words(service: Web) -> None:
    reply = refusal(service, "/test/refuses")

    assert (reply.status_code, reply.body) == (401, b"no key")


def test_our_own_fault_closes_1011_and_says_nothing_of_it(service: Web) -> None:
    with (
        open_socket(service, "/test/fails") as client,
        pytest.raises(ConnectionClosed),
    ):
        client.recv(timeout=5)

    assert (client.close_code, client.close_reason) == (1011, "")


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "//"])
def test_a_page_of_another_origin_may_not_connect(service: Web, origin: str) -> None:
    reply = refusal(service, "/test/echo", origin=origin)

    assert reply.status_code == 403


def test_a_page_of_ours_may_connect(service: Web) -> None:
    own = f"http://127.0.0.1:{service.port}"

    with open_socket(service, "/test/echo", origin=own) as client:
        client.send("hello")

        assert client.recv(timeout=5) == "hello"


@pytest.mark.parametrize("host", ["elsewhere.example", "localhost:x", ".", ""])
def test_a_host_that_is_not_served_is_a_400(service: Web, host: str) -> None:
    request = HANDSHAKE.format(path="/test/echo").replace("localhost", host)
    with sockets.create_connection(("127.0.0.1", service.port)) as raw:
        raw.sendall(request.encode())

        assert raw.recv(12) == b"HTTP/1.1 400"


def test_a_client_that_waits_too_often_is_a_429_with_retry_after(
    service: Web,
) -> None:
    job = a_job(steps=1, pause_s=5)
    with ExitStack() as held:
        for _ in range(10):
            held.enter_context(open_socket(service, follow_path(job.pk)))
        reply = refusal(service, follow_path(job.pk))

    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "5")


def test_more_connections_than_may_be_held_are_a_503(service: Web) -> None:
    until(lambda: waits(service) == 0, within_s=3, what="no watch is left")
    with ExitStack() as held:
        for _ in range(30):
            held.enter_context(open_socket(service, "/test/echo"))
        reply = refusal(service, "/test/echo")

    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "5")


def test_a_job_that_is_not_there_is_our_doors_fault_if_it_does_not_look(
    service: Web,
) -> None:
    assert refusal(service, follow_path(UUID(int=7))).status_code == 500
