"""Replies that break off, lie or are not HTTP at all."""

import contextlib
import gzip
import random
import socket
import struct

import pytest

from tasks.outbound import (
    BadReply,
    OutboundError,
    Truncated,
    Unreachable,
    parse_policy,
    stream,
)
from tests.tasks.outbound.servers import Connection, Request, Server, ok

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
GZIP = "Content-Encoding: gzip"
PACKED = gzip.compress(b"x" * 1000, mtime=0)


def read_all(server: Server) -> None:
    with stream("GET", server.origin, policy=server.policy()) as reply:
        reply.read(10**6)
        reply.raise_for_status()


def failure_of(server: Server) -> OutboundError:
    with pytest.raises(OutboundError) as caught:
        read_all(server)
    return caught.value


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"short", length=6),
        ok(b"", length=6),
        CHUNKED,
        CHUNKED + b"5",
        CHUNKED + b"5\r\nab",
        CHUNKED + b"5\r\nabcde",
        CHUNKED + b"5\r\nabcde\r\n",
        CHUNKED + b"5\r\nabcde\r\n0\r\n",
        ok(PACKED[:-1], GZIP),
        ok(PACKED[:20], GZIP),
        ok(PACKED + PACKED[:20], GZIP),
    ],
)
def test_a_reply_that_breaks_off_may_be_tried_again(
    answer: bytes, server: Server
) -> None:
    server.says(answer)

    failure = failure_of(server)

    assert isinstance(failure, Truncated)
    assert failure.temporary


@pytest.mark.parametrize(
    "answer",
    [
        CHUNKED + b"-1\r\nabc",
        CHUNKED + b"-5\r\nabcde\r\n0\r\n\r\n",
        CHUNKED + b"+5\r\nabcde\r\n0\r\n\r\n",
        CHUNKED + b"0x5\r\nabcde\r\n0\r\n\r\n",
        CHUNKED + b"5_0\r\nabcde\r\n0\r\n\r\n",
        CHUNKED + b"\r\n",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"5\r\nabcdefgh\r\n",
        CHUNKED + b"f" * 16 + b"\r\n",
        CHUNKED + b"5;" + b"x" * 5000 + b"\r\n",
        CHUNKED + b"<html>this is not chunked</html>\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
        ok(b"abc", length=-3),
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0_3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nabc",
        ok(b"not gzip at all", GZIP),
        ok(PACKED + b"garbage", GZIP),
        ok(PACKED[:-8] + b"\0" * 8, GZIP),
        ok(b"abc", "Content-Encoding: br"),
        ok(b"abc", "Content-Encoding: deflate"),
        ok(b"abc", "Content-Encoding: zstd"),
        ok(gzip.compress(PACKED, mtime=0), "Content-Encoding: gzip, gzip"),
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 200 " + b"x" * 66_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n",
        b"\r\n\r\n\r\n",
        b"\0" * 100,
    ],
)
def test_a_reply_that_makes_no_sense_is_not_tried_again(
    answer: bytes, server: Server
) -> None:
    server.says(answer)

    failure = failure_of(server)

    assert isinstance(failure, BadReply)
    assert not failure.temporary


def test_the_same_length_may_be_announced_twice(server: Server) -> None:
    server.says(b"HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabcd")

    with stream("GET", server.origin, policy=server.policy()) as reply:
        assert reply.read(10) == b"abc"


def reset(peer: Connection) -> None:
    linger = struct.pack("ii", 1, 0)
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    peer.sock.close()


@pytest.mark.parametrize("sent", [b"", ok(b"x", length=9)])
def test_a_reset_connection_may_be_tried_again(sent: bytes, server: Server) -> None:
    def answer(peer: Connection, _: Request) -> None:
        peer.send(sent)
        reset(peer)

    server.does(answer)

    failure = failure_of(server)

    assert isinstance(failure, Unreachable)
    assert (failure.code, failure.temporary) == ("disconnected", True)


def test_a_closed_connection_without_an_answer_may_be_tried_again(
    server: Server,
) -> None:
    server.says(b"")

    failure = failure_of(server)

    assert isinstance(failure, Unreachable)
    assert (failure.code, failure.temporary) == ("disconnected", True)


def test_a_port_where_nobody_listens_may_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    policy = parse_policy(allow_nets=f"127.0.0.0/8:{port}")

    with (
        pytest.raises(Unreachable, match="could not be connected to") as caught,
        stream("GET", f"http://127.0.0.1:{port}/", policy=policy),
    ):
        pytest.fail("somebody answered")

    assert (caught.value.code, caught.value.temporary) == ("connect", True)


@pytest.mark.parametrize("seed", range(60))
def test_random_damage_never_raises_anything_else(seed: int, server: Server) -> None:
    dice = random.Random(seed)
    answer = bytearray(
        dice.choice(
            [
                ok(PACKED, GZIP, "Location: /x", "Set-Cookie: a=b; Max-Age=1"),
                CHUNKED + b"5\r\nabcde\r\n0\r\nTrailer: x\r\n\r\n",
                ok(b"", "Location: /x", "Retry-After: 1", status="302 Found"),
            ]
        )
    )
    for _ in range(dice.randint(1, 12)):
        answer[dice.randrange(len(answer))] = dice.randrange(256)
    server.says(bytes(answer))

    # Some damage does no harm; the rest must be told in our own words.
    with contextlib.suppress(OutboundError):
        read_all(server)
