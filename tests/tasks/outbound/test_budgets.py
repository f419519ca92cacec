"""Replies that never end, or grow out of all proportion."""

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tasks.outbound import OutboundError, Policy, TimedOut, TooBig, parse_policy, stream
from tests.tasks.outbound.conftest import Names
from tests.tasks.outbound.servers import Connection, Request, Server, ok

GZIP = "Content-Encoding: gzip"
SHORT = {"total_timeout_s": 0.3}
MIB = 1 << 20


def read_all(url: str, policy: Policy) -> None:
    with stream("GET", url, policy=policy) as reply:
        for _ in reply.iter_bytes():
            pass


def failure_of(url: str, server: Server, **changes: object) -> OutboundError:
    with pytest.raises(OutboundError) as caught:
        read_all(url, server.policy(**changes))
    return caught.value


def bomb(mebibytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    pieces = [packer.compress(bytes(MIB)) for _ in range(mebibytes)]
    return b"".join(pieces) + packer.flush()


@pytest.fixture
def stopwatch() -> Iterator[Callable[[], float]]:
    started = time.monotonic()
    yield lambda: time.monotonic() - started
    assert time.monotonic() - started < 3


def test_a_gzip_bomb_is_stopped_by_its_ratio(server: Server) -> None:
    server.says(ok(bomb(64), GZIP))

    tracemalloc.start()
    failure = failure_of(server.origin, server)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert isinstance(failure, TooBig)
    assert failure.code == "ratio"
    assert not failure.temporary
    assert peak < 8 * MIB


def test_a_small_reply_may_be_packed_very_well(server: Server) -> None:
    server.says(ok(bomb(1), GZIP))

    with stream("GET", server.origin, policy=server.policy()) as reply:
        assert len(reply.read(MIB)) == MIB


@pytest.mark.parametrize(
    "answer",
    [
        ok(bomb(2), GZIP),
        ok(bytes(2 * MIB)),
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(2 * MIB),
    ],
    ids=["gzip", "announced", "until the end"],
)
def test_the_unpacked_size_has_a_limit(answer: bytes, server: Server) -> None:
    server.says(answer)

    failure = failure_of(server.origin, server, max_bytes=MIB, max_ratio=10_000)

    assert isinstance(failure, TooBig)
    assert failure.code == "too_big"


def test_reading_at_once_has_a_limit_of_its_own(server: Server) -> None:
    server.says(ok(b"x" * 1001))

    with (
        stream("GET", server.origin, policy=server.policy()) as reply,
        pytest.raises(TooBig, match="larger than 1000 bytes"),
    ):
        reply.read(1000)


def test_a_length_over_the_limit_is_refused_before_the_body(server: Server) -> None:
    server.says(ok(length=10**15))

    assert isinstance(failure_of(server.origin, server), TooBig)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"8000\r\n" + b"x" * 0x8000 + b"\r\n",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1;" + b"x" * 4000 + b"\r\ny\r\n",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            b"Trailer: " + b"x" * 4000 + b"\r\n",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
            gzip.compress(b"", mtime=0) * 1000,
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x10"
            + bytes(6),
            b"a comment that never ends" * 1000,
        ),
    ],
    ids=["body", "chunks", "chunk extensions", "trailers", "empty gzip", "gzip header"],
)
def test_an_endless_reply_uses_up_the_raw_budget(
    head: bytes, piece: bytes, server: Server
) -> None:
    def answer(peer: Connection, _: Request) -> None:
        peer.send(head)
        while not peer.stopping.is_set():
            peer.send(piece)

    server.does(answer)

    failure = failure_of(server.origin, server, max_raw_bytes=4 * MIB)

    assert isinstance(failure, TooBig)
    assert "more than 4194304 bytes" in str(failure)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-Header: " + b"x" * 6000 + b"\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", b"HTTP/1.1 103 Early Hints\r\nX-Hint: 1\r\n\r\n"),
    ],
    ids=["long headers", "100", "103"],
)
def test_endless_headers_are_stopped(head: bytes, piece: bytes, server: Server) -> None:
    def answer(peer: Connection, _: Request) -> None:
        peer.send(head)
        while not peer.stopping.is_set():
            peer.send(piece)

    server.does(answer)

    failure = failure_of(server.origin, server)

    assert isinstance(failure, TooBig)
    assert failure.code == "head_too_big"


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
            gzip.compress(b"x", mtime=0),
        ),
    ],
    ids=[
        "status line",
        "header",
        "headers",
        "sized body",
        "open body",
        "chunks",
        "chunk size",
        "gzip",
    ],
)
def test_a_dripping_reply_runs_into_the_total_time(
    head: bytes, piece: bytes, server: Server, stopwatch: Callable[[], float]
) -> None:
    def answer(peer: Connection, _: Request) -> None:
        peer.send(head)
        peer.drip(*[piece] * 100, every_s=0.02)

    server.does(answer)

    failure = failure_of(server.origin, server, **SHORT)

    assert isinstance(failure, TimedOut)
    assert (failure.code, failure.temporary) == ("total_timeout", True)
    assert stopwatch() < 1


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\n", ok(b"x", length=9)])
def test_silence_runs_into_the_read_time(sent: bytes, server: Server) -> None:
    def answer(peer: Connection, _: Request) -> None:
        peer.send(sent)
        peer.stopping.wait(3)

    server.does(answer)

    failure = failure_of(server.origin, server, read_timeout_s=0.2)

    assert isinstance(failure, TimedOut)
    assert (failure.code, failure.temporary) == ("read_timeout", True)


def test_a_receiver_that_does_not_read_runs_into_the_read_time(
    stopwatch: Callable[[], float],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        policy = replace(
            parse_policy(allow_nets=f"127.0.0.0/8:{port}"), read_timeout_s=0.2
        )

        with (
            pytest.raises(TimedOut) as caught,
            stream(
                "POST",
                f"http://127.0.0.1:{port}/",
                policy=policy,
                body=bytes(32 * MIB),
            ),
        ):
            pytest.fail("the body was sent to nobody")

    assert caught.value.code == "read_timeout"


def test_a_tls_handshake_that_drips_runs_into_the_total_time(
    stopwatch: Callable[[], float],
) -> None:
    stopping = threading.Event()

    def drip(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            # The start of a long TLS record, which then comes byte by byte.
            peer.sendall(b"\x16\x03\x03\x3f\xff")
            for _ in range(200):
                if stopping.wait(0.02):
                    return
                peer.sendall(b"\0")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        policy = replace(
            parse_policy(allow_nets=f"127.0.0.0/8:{port}"), total_timeout_s=0.3
        )

        with (
            pytest.raises(TimedOut) as caught,
            stream("GET", f"https://127.0.0.1:{port}/", policy=policy),
        ):
            pytest.fail("the handshake was completed")
        stopping.set()
        thread.join()

    assert caught.value.code == "total_timeout"
    assert stopwatch() < 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [(SHORT, "total_timeout"), ({"connect_timeout_s": 0.2}, "connect_timeout")],
)
def test_a_slow_resolver_is_not_waited_for(
    changes: dict[str, float],
    code: str,
    server: Server,
    names: Names,
    stopwatch: Callable[[], float],
) -> None:
    answered = threading.Event()
    names.before_answer = lambda: answered.wait(5)

    failure = failure_of("http://slow.test/", server, **changes)
    answered.set()

    assert isinstance(failure, TimedOut)
    assert failure.code == code
    assert stopwatch() < 1


@pytest.fixture
def silent_address(monkeypatch: pytest.MonkeyPatch) -> str:
    """Let connections to one address run into their time limit."""
    guarded = socket.socket.connect

    def connect(sock: socket.socket, address: tuple[str, int]) -> None:
        if address[0] == "127.0.0.3":
            threading.Event().wait(sock.gettimeout())
            raise TimeoutError
        guarded(sock, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    return "127.0.0.3"


def test_a_silent_address_leaves_time_for_the_next(
    server: Server, names: Names, silent_address: str
) -> None:
    names.put("two.test", [silent_address, "127.0.0.1"])

    read_all(f"http://two.test:{server.port}/", server.policy(connect_timeout_s=0.4))

    assert server.hits == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [(SHORT, "total_timeout"), ({"connect_timeout_s": 0.2}, "connect_timeout")],
)
def test_a_silent_host_runs_into_the_connect_time(
    changes: dict[str, float], code: str, server: Server, silent_address: str
) -> None:
    url = f"http://{silent_address}:{server.port}/"

    failure = failure_of(url, server, **changes)

    assert isinstance(failure, TimedOut)
    assert failure.code == code


def test_a_slow_reader_also_uses_up_the_total_time(server: Server) -> None:
    server.says(ok(b"x" * 100))

    with stream("GET", server.origin, policy=server.policy(**SHORT)) as reply:
        threading.Event().wait(0.4)
        with pytest.raises(TimedOut):
            reply.read(100)
