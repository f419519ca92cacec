"""Sources that are no such table, or stop being one: told, and no file is left."""

import json
import resource
from datetime import UTC, datetime
from typing import Any

import pytest

from exports.models import ExportTask
from tasks.models import JobEvent
from tests.support.exporting import an_export, ended, exported, failed, leftovers
from tests.support.sources import Sources, csv_of, gzipped
from tests.tasks.outbound.servers import Connection, Request, ok

HTML = b"<!DOCTYPE html><html><body>Please log in</body></html>"
GOOD = b"n,m\n1,x\n2,y\n"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/a.csv", HTML, "HTML"),
        ("/a.json", HTML, "HTML"),
        ("/a.csv", b"", "empty"),
        ("/a.csv", b"n,m\n1,x\n2\n", "Row 3 has 1 cells where 2 are expected"),
        ("/a.csv", b"n,n\n1,2\n", "both called 'n'"),
        ("/a.csv", b'n,m\n1,"x\n', "quote"),
        ("/a.csv", b"\x00\x01\x02\x03\xff" * 50, "binary"),
        ("/a.csv.gz", gzipped(GOOD * 1000)[:-12], "damaged"),
        ("/a.zip", b"PK\x03\x04broken", "damaged"),
        ("/a.xlsx", GOOD, "no xlsx file"),
        ("/a.json", b'[{"n": 1}, {"n": 2}', "cut off"),
        ("/a.json", b'[{"n": 1},, {"n": 2}]', "Element 2"),
        ("/a.json", b'[{"n":' + b"[" * 5000 + b"]" * 5000 + b"}]", "nested"),
        ("/a.ndjson", b'{"n": 1}\n{"n": "\\ud800"}\n', "Line 2"),
        ("/a.ndjson", b'{"n": 1}\n{"n": 2\n', "Line 2"),
    ],
    ids=[
        *["html", "html as json", "empty", "short row", "one name twice"],
        *["open quote", "binary", "gzip cut", "zip broken", "no workbook"],
        *["json cut", "json broken", "json deep", "lone surrogate", "ndjson broken"],
    ],
)
def test_a_file_that_is_no_such_table_is_told(
    sources: Sources, path: str, body: bytes, words: str
) -> None:
    url = sources.put(path, body)

    job = failed(f"{url}?key=s3cret")

    assert job.error_code == "bad_table"
    assert job.error.startswith(f"{url}: ")
    assert words in job.error
    assert "s3cret" not in job.error


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (ok(b"who are you?", status="401 Unauthorized"), "bad_status"),
        (ok(b"", status="404 Not Found"), "bad_status"),
        (ok(b"", "Location: http://10.0.0.1/", status="302 Found"), "address"),
        (ok(b"x", "Content-Encoding: br"), "encoding"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "bad_reply"),
    ],
)
def test_a_reply_that_will_not_get_better_fails_at_once(
    sources: Sources, reply: bytes, code: str
) -> None:
    job = failed(sources.act("/a.csv", reply) + "?key=s3cret")

    assert job.error_code == code
    assert "s3cret" not in job.error
    assert len(sources.seen["/a.csv"]) == 1


@pytest.mark.parametrize(
    "first",
    [
        ok(b"", status="500 Internal Server Error"),
        ok(b"", status="503 Service Unavailable"),
        ok(b"", "Retry-After: 30", status="429 Too Many Requests"),
        ok(GOOD, length=500),
        b"",
    ],
)
def test_a_reply_that_may_get_better_is_asked_for_again(
    sources: Sources, first: bytes
) -> None:
    body, _ = exported(sources.act("/a.csv", first, ok(GOOD)))

    assert body == GOOD
    assert len(sources.seen["/a.csv"]) == 2


def test_a_source_that_never_gets_better_is_given_up(sources: Sources) -> None:
    job = failed(sources.act("/a.csv", ok(GOOD, length=500)))

    assert (job.error_code, job.retries) == ("truncated", 4)
    assert len(sources.seen["/a.csv"]) == 5


def test_a_source_that_stalls_is_given_up(sources: Sources) -> None:
    def stall(peer: Connection, _: Request) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nn,m\n1,x")
        peer.stopping.wait(4)

    job = failed(sources.act("/a.csv", stall, ok(b"", status="404 Not Found")))

    [retry] = JobEvent.objects.filter(kind=JobEvent.Kind.RETRY)
    assert retry.data["code"] == "read_timeout"
    assert job.error_code == "bad_status"


def test_a_slow_source_is_waited_for(sources: Sources) -> None:
    lines = [b"n,m\n", *(b"%d,x\n" % n for n in range(8))]

    def drip(peer: Connection, _: Request) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        peer.drip(*lines, every_s=0.15)

    body, _ = exported(sources.act("/a.csv", drip))

    assert body == b"".join(lines)


def test_five_thousand_columns(sources: Sources) -> None:
    table = csv_of([[f"c{n}" for n in range(5000)], *[range(5000)] * 20])
    url = sources.put("/a.csv", table)

    csv, _ = exported(url)
    rows, _ = exported(url, file_type="json", inputs=[{"name": "x", "column": 4999}])
    assert csv == table
    assert [row["x"] for row in json.loads(rows)] == ["4999"] * 20
    body, _ = exported(url, file_type="xlsx")
    assert body.startswith(b"PK")


def peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


@pytest.mark.parametrize("path", ["/a.csv", "/a.ndjson", "/a.json"])
def test_one_line_of_200_mb_is_refused_in_bounded_memory(
    sources: Sources, path: str
) -> None:
    begin = {"/a.csv": b"n,m\n1,", "/a.ndjson": b'{"n":"', "/a.json": b'[{"n":"'}[path]

    def flood(peer: Connection, _: Request) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n", begin)
        block = b"x" * 1_000_000
        for _number in range(199):
            peer.send(block)

    before = peak_mib()
    job = failed(sources.act(path, flood))

    assert job.error_code == "bad_table"
    assert peak_mib() - before < 400


def test_a_named_column_that_is_not_there(sources: Sources) -> None:
    job = failed(sources.put("/a.csv", GOOD), select=["nope"])

    assert job.error_code == "bad_table"
    assert "There is no column 'nope'. Known are: 'n', 'm'." in job.error


def test_an_input_out_of_range_is_ignored(sources: Sources) -> None:
    inputs: list[dict[str, Any]] = [
        {"name": "far", "column": 7},
        {"name": "before", "column": -1},
        {"name": "M", "column": 1, "change_order": 0},
    ]

    body, _ = exported(sources.put("/a.csv", GOOD), inputs=inputs)

    assert body == b"M,n\nx,1\ny,2\n"


def test_a_rename_that_collides_is_told(sources: Sources) -> None:
    job = failed(sources.put("/a.csv", GOOD), inputs=[{"name": "m", "column": 0}])

    assert "'n' and 'm' would both be called 'm'" in job.error


HOSTILE = [
    *["=1+1", "+1", "-1", "@x", "a\nb", 'q"q', "a,b", "  lead", "''", "\t"],
    *["😀", "\u202e", "é" * 40_000, "NaN", "null", "1e400", "1899-12-31"],
    "12345678901234567890",
]


@pytest.mark.parametrize("file_type", ["csv", "json", "ndjson"])
def test_hostile_cells_come_out_as_they_went_in(
    sources: Sources, file_type: str
) -> None:
    rows = [{"id": n, "cell": cell} for n, cell in enumerate(HOSTILE)]
    url = sources.put("/a.json", json.dumps(rows).encode())

    body, _ = exported(url, file_type=file_type)

    again, _ = exported(
        sources.put(f"/b.{file_type}", body), file_type="json", types={"id": "integer"}
    )
    assert json.loads(again) == rows


def test_cells_that_a_sheet_cannot_hold_are_told(sources: Sources) -> None:
    long = b"x" * 40_000

    _, artifact = exported(
        sources.put("/a.csv", b"n,m\n1," + long + b"\n2,y\n"), file_type="xlsx"
    )

    assert artifact.receipt["remarked"] == 1
    [remark] = artifact.receipt["remarks"]
    assert (remark["row"], remark["column"]) == (1, "m")
    texts = [
        one.data["text"]
        for one in JobEvent.objects.filter(job=artifact.job, kind="note")
    ]
    assert any("could not be written as they were" in text for text in texts)


def test_secrets_are_sent_and_never_told(sources: Sources) -> None:
    url = sources.put("/a.csv", GOOD, 'ETag: "v1"')

    task = ended(
        an_export(
            f"{url}?key=s3cret-q",
            headers={"X-Key": "s3cret-h"},
            auth={"type": "basic", "username": "me", "password": "s3cret-p"},
        )
    )

    [request] = sources.seen["/a.csv"]
    assert request.headers["x-key"] == "s3cret-h"
    assert request.headers["authorization"] == "Basic bWU6czNjcmV0LXA="
    assert task.artifact is not None
    [source] = task.artifact.receipt["sources"]
    assert source["url"] == url
    assert source["validators"] == {"ETag": '"v1"'}
    assert source["bytes"] == len(GOOD)
    told = [task.artifact.receipt, [e.data for e in task.job.events.all()]]
    assert "s3cret" not in json.dumps([*told, task.job.params, task.job.cursor])


def test_secrets_that_cannot_be_read_any_more_fail_the_task(sources: Sources) -> None:
    task = an_export(sources.put("/a.csv", GOOD), headers={"X-Key": "s3cret"})
    ExportTask.objects.filter(pk=task.pk).update(sealed="gAAAAA-other")

    job = ended(task).job

    assert (job.state, job.error_code) == ("failed", "sealed")
    assert sources.hits == 0


def test_a_receipt_says_where_a_file_is_from(sources: Sources) -> None:
    url = sources.put("/a.csv", GOOD)

    body, artifact = exported(url, filter='n="1"', inputs=[{"name": "N", "column": 0}])

    receipt = artifact.receipt
    assert body == b"N,m\n1,x\n"
    assert receipt["transforms"] == {"filter": 'n="1"'}
    assert receipt["inputs"] == [{"name": "N", "column": 0, "change_order": None}]
    assert (receipt["rows"], receipt["bytes"]) == (1, len(body))
    assert receipt["sha256"] == artifact.digest
    assert receipt["job"] == str(artifact.job_id)
    assert datetime.fromisoformat(receipt["made_at"]) <= datetime.now(UTC)
    assert leftovers() == [f"store/{d[:2]}/{d[2:4]}/{d}" for d in [artifact.digest]]
