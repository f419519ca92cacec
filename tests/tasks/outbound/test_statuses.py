"""What a status tells the caller to do."""

from datetime import UTC, datetime

import pytest
import time_machine

from tasks.outbound import BadStatus, stream
from tests.tasks.outbound.servers import Connection, Request, Server, ok

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)


def failure_of(server: Server, method: str = "GET") -> BadStatus:
    with (
        stream(
            method, f"{server.origin}/a?key=s3cret", policy=server.policy()
        ) as reply,
        pytest.raises(BadStatus) as caught,
    ):
        reply.raise_for_status()
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 304])
def test_a_success_raises_nothing(status: int, server: Server) -> None:
    server.says(ok(b"", status=f"{status} Fine"))

    with stream("GET", server.origin, policy=server.policy()) as reply:
        reply.raise_for_status()
        assert reply.status == status


@pytest.mark.parametrize(
    ("status", "temporary"),
    [
        (300, False),
        (400, False),
        (401, False),
        (403, False),
        (404, False),
        (408, True),
        (410, False),
        (413, False),
        (425, True),
        (429, True),
        (500, True),
        (501, True),
        (502, True),
        (503, True),
        (504, True),
        (599, True),
    ],
)
def test_a_failure_says_whether_to_try_again(
    status: int, temporary: bool, server: Server
) -> None:
    server.says(ok(b"no\n\x1b[31m luck", status=f"{status} Sorry"))

    failure = failure_of(server)

    assert (failure.code, failure.status) == ("bad_status", status)
    assert failure.temporary is temporary
    assert failure.excerpt == "no  [31m luck"
    assert str(failure) == f"{server.origin}/a answered with status {status}."


def test_a_redirected_post_was_not_delivered(server: Server) -> None:
    server.says(ok(b"", "Location: /b", status="307 Moved"))

    assert failure_of(server, "POST").status == 307


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("Retry-After: 0", 0.0),
        ("Retry-After: 120", 120.0),
        ("Retry-After:  7 ", 7.0),
        ("Retry-After: 86400", 3600.0),
        ("Retry-After: " + "9" * 5000, 3600.0),
        ("Retry-After: Sun, 01 Jun 2025 12:01:30 GMT", 90.0),
        ("Retry-After: Sunday, 01-Jun-25 12:01:30 GMT", 90.0),
        ("Retry-After: Sun Jun  1 12:01:30 2025", 90.0),
        ("Retry-After: Sun, 01 Jun 2025 11:00:00 GMT", 0.0),
        ("Retry-After: Mon, 01 Jun 2026 12:00:00 GMT", 3600.0),
        ("Retry-After: soon", None),
        ("Retry-After: -5", None),
        ("Retry-After: 1.5", None),
        ("Retry-After: ", None),
        ("Retry-After: Sun, 99 Jun 99999 12:00:00 GMT", None),
        ("X-Other: 5", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_capped(
    header: str, wait_s: float | None, status: int, server: Server
) -> None:
    server.says(ok(b"", header, status=f"{status} Later"))

    with time_machine.travel(NOW, tick=False):
        failure = failure_of(server)

    assert failure.retry_after_s == wait_s


def test_retry_after_counts_only_where_trying_again_helps(server: Server) -> None:
    server.says(ok(b"", "Retry-After: 5", status="404 Not Found"))

    assert failure_of(server).retry_after_s is None


@pytest.mark.parametrize(
    ("answer", "excerpt"),
    [
        (ok(b"x" * 1000, status="500 Oops"), "x" * 200),
        (ok("é".encode() * 150, status="500 Oops"), "é" * 100),
        (ok(b"\xff\xfe", status="500 Oops"), "��"),
        (ok(b"x", status="500 Oops", length=9), ""),
        (ok(b"x", "Content-Encoding: br", status="500 Oops"), ""),
    ],
)
def test_an_excerpt_is_short_text_or_nothing(
    answer: bytes, excerpt: str, server: Server
) -> None:
    server.says(answer)

    assert failure_of(server).excerpt == excerpt


def test_an_excerpt_does_not_wait_for_an_endless_failure(server: Server) -> None:
    def answer(peer: Connection, _: Request) -> None:
        peer.send(b"HTTP/1.1 500 Oops\r\n\r\n")
        while not peer.stopping.is_set():
            peer.send(b"x" * 65_536)

    server.does(answer)

    assert failure_of(server).excerpt == "x" * 200
