"""`manage.py up` stops: all who wait are told, and it takes no longer than it did."""

import socket as sockets
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from time import monotonic

import pytest
import requests
from pytest_django import DjangoDbBlocker
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.support.polling import until
from tests.support.waiting import a_job, follow_path, open_socket, waiting_service
from tests.support.web import Web

pytestmark = pytest.mark.live
SECURE = {
    "ALLOWED_HOSTS": "127.0.0.1",
    "SECRET_KEY": "for-this-test-alone-0123456789abcdef0123456789",
    "CORS_ORIGINS": "https://pages.example",
}


@pytest.mark.faults
def test_all_who_wait_are_told_when_the_service_stops(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    with (
        django_db_blocker.unblock(),
        waiting_service("sqlite", tmp_path) as service,
        ThreadPoolExecutor(11) as aside,
        ExitStack() as held,
    ):
        job = a_job(steps=1, pause_s=20)
        paths = [follow_path(job.pk)] * 20 + ["/test/echo"]
        clients = [held.enter_context(open_socket(service, p)) for p in paths]
        path = f"/test/wait/{job.pk}?after=1000&timeout=60"
        polls = [aside.submit(service.get, path, timeout_s=60) for _ in range(10)]
        until(lambda: _waits(service) == 30, within_s=5, what="all wait")

        began = monotonic()
        stopping = aside.submit(service.stop)
        replies = [poll.result(10) for poll in polls]
        codes = {_close_code(client) for client in clients}
        told_s = monotonic() - began
        exit_code = stopping.result(30)

    assert told_s < 1.0
    assert {(r.status_code, r.headers["Retry-After"]) for r in replies} == {(503, "1")}
    assert codes == {1012}
    assert (exit_code, service.survivors) == (0, [])
    assert "Traceback" not in (tmp_path / "up.log").read_text()


def test_where_https_is_demanded_plain_http_is_let_in_nowhere(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    with (
        django_db_blocker.unblock(),
        waiting_service("sqlite", tmp_path, **SECURE) as service,
    ):
        url = f"{service.address}/test/breaks?a=b"
        plain = requests.get(url, timeout=10, allow_redirects=False)
        proxied = {"X-Forwarded-Proto": "https"}
        secure = requests.get(url, headers=proxied, timeout=10)
        socket = _handshake(service.port, "")
        secure_socket = _handshake(service.port, "X-Forwarded-Proto: https\r\n")

    assert (plain.status_code, plain.headers["Location"]) == (
        301,
        f"https://127.0.0.1:{service.port}/test/breaks?a=b",
    )
    assert secure.status_code == 500
    assert secure.headers["Strict-Transport-Security"].startswith("max-age=")
    assert (socket, secure_socket) == (b"HTTP/1.1 403", b"HTTP/1.1 101")


def _handshake(port: int, header: str) -> bytes:
    with sockets.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(
            b"GET /test/echo HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            + header.encode()
            + b"\r\n"
        )
        return raw.recv(12)


def _waits(service: Web) -> int:
    with open_socket(service, "/test/waits") as client:
        client.send("?")
        return int(client.recv(timeout=5))


def _close_code(client: ClientConnection) -> int | None:
    with suppress(ConnectionClosed):
        for _ in client:
            continue
    return client.close_code
