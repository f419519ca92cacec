"""How far an export of one file says it is."""

import pytest

from tasks.engine.run import Run
from tests.support.exporting import an_export
from tests.support.jobs import claimed
from tests.support.sources import Sources, gzipped
from tests.tasks.outbound.servers import Answer

pytestmark = pytest.mark.django_db(transaction=True)

CSV = b"n,m\n" + b"".join(b"%d,some text\n" % n for n in range(9_000))
JSON = b"[" + b",".join(b'{"n":%d,"m":"some text"}' % n for n in range(9_000)) + b"]"


def in_pieces(body: bytes, *headers: bytes) -> Answer:
    """Answer so slowly that the reader has to wait for most of it."""
    step = len(body) // 6 + 1
    pieces = [body[at : at + step] for at in range(0, len(body), step)]
    head = b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"", b""])
    return lambda peer, _: peer.drip(head, *pieces, every_s=0.25)


@pytest.mark.parametrize(
    ("path", "body", "sort", "least"),
    [
        ("/a.csv", CSV, [], 90),
        ("/a.csv", CSV, ["-n"], 50),
        ("/a.json", JSON, [], 50),
    ],
    ids=["one pass", "sorted", "json"],
)
def test_percent_only_grows(
    sources: Sources, path: str, body: bytes, sort: list[str], least: int
) -> None:
    url = sources.act(path, in_pieces(body, b"Content-Length: %d" % len(body)))
    task = an_export(url, sort=sort or None)
    run = Run(claimed(task.job))
    seen: list[int | None] = []

    while not run.advance(until=0):
        run._write()
        seen.append(run.job.percent)
    run.end()

    known = [one for one in seen if one is not None]
    assert known == sorted(known)
    assert len(set(known)) >= 3
    assert known[-1] >= least
    task.job.refresh_from_db()
    assert (task.job.state, task.job.percent) == ("succeeded", 100)
    assert task.job.rows == body.count(b"some text")


def test_without_a_length_no_percent_is_made_up(sources: Sources) -> None:
    body = in_pieces(gzipped(CSV), b"Content-Encoding: gzip", b"Connection: close")
    task = an_export(sources.act("/a.csv", body))
    run = Run(claimed(task.job))
    seen = []

    while not run.advance(until=0):
        run._write()
        seen.append((run.job.percent, run.job.rows))
    run.end()

    assert {percent for percent, _ in seen} == {None}
    assert seen[-1] == (None, 9_000)
