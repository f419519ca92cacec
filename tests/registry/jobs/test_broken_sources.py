"""Sources that answer badly: told by name, and the others still finish."""

import json

import pytest
from django.test import Client

from tasks.models import Job, JobEvent
from tests.support.sources import Reply, Sources, gzipped
from tests.support.specstore import (
    Json,
    file_of,
    revision_of,
    run_jobs,
    run_to_end,
    spec_of,
    states_of,
    table,
    uploaded,
)
from tests.tasks.outbound.servers import Connection, Request, ok

GOOD = b"n,m\n1,x\n2,y\n"
HTML = b"<!DOCTYPE html><html><body>Please log in</body></html>"

pytestmark = pytest.mark.django_db(transaction=True)


def with_a_good_one(client: Client, sources: Sources, *replies: Reply) -> Json:
    """Publish a bad table beside a good one, which must come out whole."""
    bad = sources.act("/bad.csv", *replies) + "?key=s3cret"
    good = sources.put("/good.csv", GOOD)
    spec = spec_of(table("bad", bad, "n", "m"), table("good", good, "n", "m"))
    revision = run_to_end(client, spec)
    states = states_of(revision)
    assert states["good"] == states["good_csv"] == states["good_json"] == "SUCCEEDED"
    assert states["good_csv_preview"] == "SUCCEEDED"
    assert file_of(client, "me/id/1", "data/good_csv.csv") == GOOD
    assert "s3cret" not in json.dumps({**revision, "spec_contents": None})
    return revision


def told(revision: Json, sources: Sources) -> str:
    """Return the error log of a failed revision, which names resource and URL."""
    assert revision["state"] == "FAILED"
    log: list[str] = revision["error_log"]
    assert log
    for line in log:
        assert line.startswith(f"bad ({sources.url('/bad.csv')}): "), line
    return "\n".join(log)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (ok(b"", status="404 Not Found"), "404"),
        (ok(b"", status="403 Forbidden"), "403"),
        (ok(b"", status="410 Gone"), "410"),
        (ok(b"", "Location: /bad.csv", status="302 Found"), "redirects"),
        (ok(b"", "Location: http://10.0.0.1/", status="302 Found"), ""),
        (ok(b"", "Location: file:///etc/passwd", status="302 Found"), ""),
        (ok(b"x", "Content-Encoding: br"), ""),
        (ok(b"not gzip", "Content-Encoding: gzip"), ""),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
    ],
)
def test_a_reply_that_will_not_get_better_fails_the_copy_at_once(
    client: Client, sources: Sources, reply: bytes, words: str
) -> None:
    revision = with_a_good_one(client, sources, reply)

    assert words in told(revision, sources)
    assert states_of(revision)["bad"] == "FAILED"
    assert states_of(revision)["bad_csv"] == "FAILED"
    assert len(sources.seen["/bad.csv"]) <= 4


@pytest.mark.parametrize(
    "first",
    [
        ok(b"", status="500 Internal Server Error"),
        ok(b"", status="503 Service Unavailable"),
        ok(b"", "Retry-After: 30", status="429 Too Many Requests"),
        ok(GOOD, length=500),
        b"",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nn,m",
    ],
)
def test_a_reply_that_may_get_better_is_asked_for_again(
    client: Client, sources: Sources, first: bytes
) -> None:
    revision = with_a_good_one(client, sources, first, ok(GOOD))

    assert revision["state"] == "SUCCEEDED"
    assert revision["error_log"] == []
    assert file_of(client, "me/id/1", "archive/bad.csv") == GOOD
    assert len(sources.seen["/bad.csv"]) == 2


def test_a_server_that_names_a_time_is_not_asked_before_it(
    client: Client, sources: Sources
) -> None:
    busy = ok(b"", "Retry-After: 30", status="429 Too Many Requests")

    with_a_good_one(client, sources, busy, ok(GOOD))

    [retry] = JobEvent.objects.filter(kind=JobEvent.Kind.RETRY)
    assert 30 <= retry.data["wait_s"] < 35
    assert "429" in retry.data["message"]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (ok(b"", status="500 Internal Server Error"), "500"),
        (ok(GOOD, length=500), ""),
        (b"", "closed"),
    ],
)
def test_a_reply_that_never_gets_better_is_given_up(
    client: Client, sources: Sources, reply: bytes, words: str
) -> None:
    revision = with_a_good_one(client, sources, reply)

    assert words in told(revision, sources)
    assert len(sources.seen["/bad.csv"]) == 5
    assert Job.objects.get(pipeline__pipeline_id="me/id/1/bad").retries == 4


def test_a_server_that_stops_in_the_middle_is_given_up(
    client: Client, sources: Sources
) -> None:
    def stall(peer: Connection, _: Request) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nn,m\n1,x")
        peer.stopping.wait(3)

    revision = with_a_good_one(client, sources, stall, ok(b"", status="404 Not Found"))

    assert "404" in told(revision, sources)
    assert len(sources.seen["/bad.csv"]) == 2


def test_nobody_at_the_address(client: Client, sources: Sources) -> None:
    with Sources() as gone:
        url = gone.url("/bad.csv")
    uploaded(client, spec_of(table("bad", url, "n")))

    run_jobs()

    revision = revision_of(client, "me/id/1")
    assert revision["state"] == "FAILED"
    assert revision["error_log"][0].startswith(f"bad ({url}): ")


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/a.csv",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:10.0.0.1]/a.csv",
        "http://0x0a000001/a.csv",
    ],
)
def test_an_address_that_may_not_be_reached_is_refused(
    client: Client, url: str
) -> None:
    revision = run_to_end(client, spec_of(table("bad", url, "n")))

    assert revision["state"] == "FAILED"
    assert revision["error_log"][0].startswith(f"bad ({url}): ")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (HTML, "HTML"),
        (b"", "empty"),
        (b"\n\n", "header"),
        (b"n,m\n1,x\n2\n", "Row 3"),
        (b"n,m\n1,x,?\n", "Row 2"),
        (b"n,n\n1,2\n", "both called 'n'"),
        (b"n,\n1,2\n", "Column 2 has no name"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"PK\x03\x04broken", ""),
        (b"\x1f\x8b\x08broken", "damaged"),
        (gzipped(GOOD * 1000)[:-12], "damaged"),
        (b"\x00\x01\x02\x03\xff" * 50, "binary"),
        (b'n,m\n1,"x\n', "quote"),
    ],
)
def test_a_file_that_is_no_such_table_fails_what_reads_it(
    client: Client, sources: Sources, body: bytes, words: str
) -> None:
    revision = with_a_good_one(client, sources, ok(body, "Content-Type: text/csv"))

    assert words in told(revision, sources)
    states = states_of(revision)
    assert states["bad"] == "SUCCEEDED"
    assert states["bad_csv"] == states["bad_json"] == "FAILED"
    assert states["validation_report"] == "SUCCEEDED"
    assert file_of(client, "me/id/1", "archive/bad.csv") == body
    report = json.loads(file_of(client, "me/id/1", "data/validation_report.json"))
    assert [part["valid"] for part in report["tables"]] == [False, True]


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        ("utf-8", "n,m\n1,ä\n".encode("cp1252"), "UTF-8"),
        ("klingon", GOOD, "klingon"),
        ("rot13", GOOD, "rot13"),
        ("utf-16", b"n,m\n1,x", ""),
    ],
)
def test_a_wrong_encoding_is_told(
    client: Client, sources: Sources, encoding: str, body: bytes, words: str
) -> None:
    url = sources.put("/bad.csv", body)
    resource = table("bad", url, "n", "m", encoding=encoding)

    revision = run_to_end(client, spec_of(resource))

    assert words in told(revision, sources)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/bad.xlsx", GOOD),
        ("/bad.json", GOOD),
        ("/bad.zip", GOOD),
        ("/bad.ndjson", b'{"n": 1}\n{"n": 2\n'),
        ("/bad.json", b'[{"n": 1}, {"n": 2}'),
        ("/bad.json", b'[{"n": 1},, {"n": 2}]'),
        ("/bad.xlsx", b"PK\x05\x06" + b"\0" * 18),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_told(
    client: Client, sources: Sources, path: str, body: bytes
) -> None:
    url = sources.put(path, body)

    revision = run_to_end(client, spec_of(table("bad", url, "n")))

    assert revision["state"] == "FAILED"
    assert all(line.startswith(f"bad ({url}): ") for line in revision["error_log"])


def test_what_lies_behind_a_failure_is_not_told_twice(
    client: Client, sources: Sources
) -> None:
    revision = with_a_good_one(client, sources, ok(b"", status="404 Not Found"))

    assert len(revision["error_log"]) == 1
    assert "successfullyexecuted" not in revision["error_log"][0]
