"""Downloads that are cut off: what has come is kept where the server can go on."""

import re
from collections.abc import Callable

import pytest

from tasks.archive import stored
from tests.support.collecting import a_task, announce, collected
from tests.support.exporting import leftovers
from tests.support.sources import Sources
from tests.tasks.outbound.servers import Answer, Connection, Request, ok

pytestmark = pytest.mark.django_db(transaction=True)

BODY = bytes(range(256)) * 4096
ETAG = 'ETag: "v1"'


def cut_at(count: int, *headers: str, body: bytes = BODY) -> Answer:
    """Announce the whole file, send its begin, and hang up."""
    return lambda peer, _: peer.send(ok(body[:count], *headers, length=len(body)))


def the_rest(*headers: str, shift: int = 0, body: bytes = BODY) -> Answer:
    """Send what a range asks for; `shift` makes it another one."""

    def answer(peer: Connection, request: Request) -> None:
        found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
        if found is None:
            peer.send(ok(body, *headers))
            return
        start = int(found[1]) + shift
        part = f"Content-Range: bytes {start}-{len(body) - 1}/{len(body)}"
        peer.send(ok(body[start:], part, *headers, status="206 Partial Content"))

    return answer


def test_a_file_is_resumed_where_it_was_cut(sources: Sources) -> None:
    task = a_task()
    announce(task, sources.act("/a", cut_at(700_000, ETAG), the_rest(ETAG)))

    collected(task)

    asset = task.assets.get()
    assert (asset.state, asset.attempts) == ("DOWNLOADED", 2)
    first, second = sources.seen["/a"]
    assert "range" not in first.headers
    assert second.headers["range"] == "bytes=700000-"
    assert second.headers["if-range"] == '"v1"'
    with stored.store().open(asset.digest) as file:
        assert file.read() == BODY
    assert len(leftovers()) == 1


@pytest.mark.parametrize(
    ("headers", "second"),
    [
        pytest.param((), the_rest(), id="nothing tells the file from others"),
        pytest.param(('ETag: W/"v1"',), the_rest(), id="a weak validator"),
        pytest.param(
            (ETAG,), cut_at(len(BODY), 'ETag: "v2"'), id="another file by now"
        ),
        pytest.param((ETAG, "Accept-Ranges: none"), the_rest(), id="no ranges here"),
    ],
)
def test_a_file_that_cannot_be_resumed_is_fetched_anew(
    headers: tuple[str, ...], second: Answer, sources: Sources
) -> None:
    task = a_task()
    announce(task, sources.act("/a", cut_at(1000, *headers), second))

    collected(task)

    asset = task.assets.get()
    assert (asset.state, asset.attempts, asset.size_bytes) == (
        "DOWNLOADED",
        2,
        len(BODY),
    )
    with stored.store().open(asset.digest) as file:
        assert file.read() == BODY


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(the_rest(ETAG, shift=1), id="a byte too far"),
        pytest.param(
            lambda peer, _: peer.send(
                ok(b"", "Content-Range: bytes */9", status="416 Not Satisfiable")
            ),
            id="no such part",
        ),
    ],
)
def test_a_wrong_part_is_never_joined(
    wrong: Callable[[Connection, Request], None], sources: Sources
) -> None:
    task = a_task()
    replies = (cut_at(1000, ETAG), wrong, the_rest(ETAG))
    announce(task, sources.act("/a", *replies))

    collected(task)

    asset = task.assets.get()
    assert (asset.state, asset.attempts) == ("DOWNLOADED", 3)
    with stored.store().open(asset.digest) as file:
        assert file.read() == BODY


def test_a_part_that_nobody_asked_for_is_no_file(sources: Sources) -> None:
    task = a_task()
    part = ok(b"abc", "Content-Range: bytes 0-2/9", status="206 Partial Content")
    announce(task, sources.act("/a", part))

    collected(task)

    asset = task.assets.get()
    assert (asset.state, asset.error_code) == ("FAILED", "bad_part")
    assert leftovers() == []


def test_a_file_that_comes_in_many_parts_is_not_given_up(sources: Sources) -> None:
    body = BODY * 5
    task = a_task()

    def megabyte(peer: Connection, request: Request) -> None:
        found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
        start = int(found[1]) if found else 0
        part = f"Content-Range: bytes {start}-{len(body) - 1}/{len(body)}"
        status = "206 Partial Content" if found else "200 OK"
        headers = [ETAG, *([part] if found else [])]
        piece = body[start : start + len(BODY)]
        peer.send(ok(piece, *headers, status=status, length=len(body) - start))

    announce(task, sources.act("/a", megabyte))

    collected(task)

    asset = task.assets.get()
    assert (asset.state, asset.attempts, asset.size_bytes) == (
        "DOWNLOADED",
        5,
        len(body),
    )
