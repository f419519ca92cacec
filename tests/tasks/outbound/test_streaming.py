"""Replies that are as they should be."""

import csv
import gzip
import zlib

import pyarrow.csv
import pytest

from tasks.outbound import Blocked, stream
from tests.tasks.outbound.conftest import Names
from tests.tasks.outbound.servers import Connection, Request, Server, ok

ROWS = b"id,name\n" + b"".join(b"%d,row %d\n" % (n, n) for n in range(20_000))
GZIP = "Content-Encoding: gzip"


def chunked(*pieces: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in (*pieces, b""))


def test_a_request_says_who_asks_and_what_it_can_read(server: Server) -> None:
    with stream(
        "GET",
        f"{server.origin}/data.csv?year=2024#top",
        policy=server.policy(),
        headers={"Accept": "text/csv"},
    ) as reply:
        assert reply.status == 200
        assert reply.url == f"{server.origin}/data.csv?year=2024"
        assert reply.hops == ()

    (request,) = server.requests
    assert (request.method, request.path) == ("GET", "/data.csv?year=2024")
    assert request.headers == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": "entrepot/0.1",
        "accept-encoding": "gzip, identity",
        "connection": "close",
        "accept": "text/csv",
    }


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("", "/"),
        ("?a=1", "/?a=1"),
        ("//evil.test/x", "//evil.test/x"),
        ("/a/../b/./c", "/a/../b/./c"),
        ("/%2e%2E/%zz%20", "/%2e%2E/%zz%20"),
        ("/é?q=ü", "/%C3%A9?q=%C3%BC"),
        ("/a;b=c,d@e:f", "/a;b=c,d@e:f"),
        ("/x?u=http://other.test/?y", "/x?u=http://other.test/?y"),
    ],
)
def test_the_path_is_sent_as_written(written: str, sent: str, server: Server) -> None:
    with stream("GET", f"{server.origin}{written}", policy=server.policy()):
        pass

    assert server.requests[0].path == sent


def test_a_body_is_posted_with_its_length(server: Server) -> None:
    body = bytes(range(256)) * 1000

    with stream("POST", server.origin, policy=server.policy(), body=body) as reply:
        assert reply.read(100) == b"hello"

    (request,) = server.requests
    assert request.headers["content-length"] == "256000"
    assert request.body == body


def test_an_address_that_does_not_answer_is_followed_by_the_next(
    server: Server, names: Names, attempts: list[tuple[str, int]]
) -> None:
    names.put("two.test", ["127.0.0.3", "127.0.0.1"])

    with stream(
        "GET", f"http://two.test:{server.port}/", policy=server.policy()
    ) as reply:
        assert reply.read(100) == b"hello"

    assert attempts == [("127.0.0.3", server.port), ("127.0.0.1", server.port)]


def test_headers_of_a_reply_are_found_in_any_case(server: Server) -> None:
    server.says(ok(b"", 'ETag: "1"', "Link: <a>", "Link: <b>"))

    with stream("GET", server.origin, policy=server.policy()) as reply:
        assert reply.headers["etag"] == '"1"'
        assert reply.headers["LINK"] == "<a>, <b>"


@pytest.mark.parametrize(
    "answer",
    [
        ok(ROWS),
        ok(ROWS, "Content-Encoding: identity"),
        ok(gzip.compress(ROWS, mtime=0), GZIP),
        ok(gzip.compress(ROWS, mtime=0), "Content-Encoding: X-GZIP"),
        ok(gzip.compress(ROWS[:99], mtime=0) + gzip.compress(ROWS[99:], mtime=0), GZIP),
        ok(gzip.compress(ROWS, mtime=0) + b"\0" * 512, GZIP),
        chunked(ROWS[:1], ROWS[1:70_000], ROWS[70_000:]),
        b"HTTP/1.1 200 OK\r\n\r\n" + ROWS,
        b"HTTP/1.0 200 OK\r\n\r\n" + ROWS,
        b"HTTP/1.1 100 Continue\r\n\r\n" + ok(ROWS),
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + ok(ROWS),
    ],
    ids=[
        "plain",
        "identity",
        "gzip",
        "x-gzip",
        "two members",
        "padded gzip",
        "chunked",
        "until the end",
        "http/1.0",
        "after a 100",
        "after a 103",
    ],
)
def test_a_body_comes_out_whole_however_it_is_packed(
    answer: bytes, server: Server
) -> None:
    server.says(answer)

    with stream("GET", server.origin, policy=server.policy()) as reply:
        assert reply.read(len(ROWS)) == ROWS


@pytest.mark.parametrize("size", [1000, 65_536, 10_000_000])
def test_pieces_are_no_larger_than_asked_for(size: int, server: Server) -> None:
    server.says(ok(gzip.compress(ROWS, mtime=0), GZIP))

    with stream("GET", server.origin, policy=server.policy()) as reply:
        pieces = list(reply.iter_bytes(size))

    assert b"".join(pieces) == ROWS
    assert max(len(piece) for piece in pieces) <= size
    assert b"" not in pieces


def test_a_reply_is_a_file_for_pyarrow(server: Server) -> None:
    server.says(chunked(*[ROWS[at : at + 777] for at in range(0, len(ROWS), 777)]))

    with stream("GET", server.origin, policy=server.policy()) as reply:
        table = pyarrow.csv.read_csv(reply.file())

    assert table.num_rows == 20_000


def test_a_reply_is_a_file_for_the_standard_library(server: Server) -> None:
    server.says(ok(gzip.compress(ROWS, mtime=0), "Content-Type: application/gzip"))

    with (
        stream("GET", server.origin, policy=server.policy()) as reply,
        gzip.open(reply.file(), "rt", encoding="utf-8", newline="") as lines,
    ):
        rows = list(csv.reader(lines))

    assert len(rows) == 20_001


def test_a_large_body_is_streamed_and_not_kept(server: Server) -> None:
    piece, times = b"x" * (1 << 20), 64

    def answer(peer: Connection, _: Request) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (times << 20))
        for _number in range(times):
            peer.send(piece)

    server.does(answer)

    with stream("GET", server.origin, policy=server.policy()) as reply:
        total, checksum = 0, 0
        for part in reply.iter_bytes():
            total += len(part)
            checksum = zlib.crc32(part, checksum)

    assert total == times << 20
    assert checksum == zlib.crc32(piece * times)


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_a_status_without_a_body_ends_at_once(status: str, server: Server) -> None:
    def answer(peer: Connection, _: Request) -> None:
        peer.send(ok(b"", GZIP, status=status, length=12))
        peer.stopping.wait(1)

    server.does(answer)

    with stream("GET", server.origin, policy=server.policy()) as reply:
        assert reply.read(100) == b""


def test_an_answer_to_head_has_no_body_whatever_it_announces(server: Server) -> None:
    server.says(ok(b"", GZIP, length=10**12))

    with stream("HEAD", server.origin, policy=server.policy()) as reply:
        assert reply.read(100) == b""
        assert reply.headers["content-length"] == str(10**12)


def test_a_conditional_get_gives_304_to_the_caller(server: Server) -> None:
    def answer(peer: Connection, request: Request) -> None:
        known = request.headers.get("if-none-match") == '"v1"'
        peer.send(
            ok(b"", 'ETag: "v1"', status="304 Not Modified") if known else ok(ROWS)
        )

    server.does(answer)

    with stream(
        "GET",
        server.origin,
        policy=server.policy(),
        headers={"If-None-Match": '"v1"', "If-Modified-Since": "yesterday"},
    ) as reply:
        reply.raise_for_status()
        assert (reply.status, reply.headers["ETag"]) == (304, '"v1"')


def test_leaving_early_closes_the_connection(server: Server) -> None:
    def answer(peer: Connection, _: Request) -> None:
        peer.send(ok(length=10**9))
        peer.drip(*[b"x"] * 100)

    server.does(answer)

    with stream("GET", server.origin, policy=server.policy()) as reply:
        next(reply.iter_bytes(1))

    with pytest.raises(ValueError, match="closed file"):
        next(reply.iter_bytes(1))


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "other.test"},
        {"host": "other.test"},
        {"Content-Length": "5"},
        {"Transfer-Encoding": "chunked"},
        {"Connection": "upgrade"},
        {"Accept-Encoding": "br"},
        {"Proxy-Authorization": "Basic s3cret"},
        {"X-Injected": "s3cret\r\nHost: other.test"},
        {"X-Injected\r\nHost": "s3cret"},
        {"X-Injected:": "s3cret"},
        {"": "s3cret"},
        {"X-Wide": "s3cret…"},
    ],
)
def test_a_header_that_could_bend_the_request_is_refused(
    headers: dict[str, str], server: Server
) -> None:
    with (
        pytest.raises(Blocked) as caught,
        stream("GET", server.origin, policy=server.policy(), headers=headers),
    ):
        pytest.fail("the request was let through")

    assert caught.value.code == "header"
    assert "s3cret" not in str(caught.value)
    assert server.hits == 0


def test_an_unknown_method_is_a_mistake_of_the_caller(server: Server) -> None:
    with (
        pytest.raises(ValueError, match="'CONNECT' is not a method"),
        stream("CONNECT", server.origin, policy=server.policy()),
    ):
        pass
