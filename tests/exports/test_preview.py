"""The first rows of an export, and the requests it would begin with."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import openpyxl
import pytest
from django.conf import settings

from exports.errors import PreviewFailed
from exports.preview import preview_export
from exports.request import SECRET_FIELDS, Configuration, Input
from tests.support.exporting import closed_world, leftovers
from tests.support.sources import Sources, gzipped
from tests.tasks.outbound.servers import Connection, Request, ok

pytestmark = pytest.mark.django_db

CSV = b"id,name,price\n" + b"".join(b"%d,n%d,%d.50\n" % (n, n, n) for n in range(99))
BIG = b"id,name\n" + b"".join(b'%d,"a\nb"\n' % n for n in range(400_000))
ROWS = [{"id": n, "price": n / 2} for n in range(30)]


@pytest.fixture(autouse=True)
def _world(tmp_path: Path) -> Iterator[None]:
    with closed_world(tmp_path):
        yield


def shown(url: str, *inputs: dict[str, Any], **wanted: Any) -> dict[str, Any]:
    secrets = {name: wanted.pop(name) for name in SECRET_FIELDS if name in wanted}
    whole = {"file_type": "csv", "source_url": url, **wanted}
    return preview_export(
        Configuration(**whole),
        [Input(**one) for one in inputs],
        secrets=secrets,
        policy=settings.OUTBOUND,
    )


def test_the_first_rows_of_a_file_after_all_steps(sources: Sources) -> None:
    url = sources.put("/a.csv", CSV)

    result = shown(
        url,
        {"name": "ID", "column": 0, "change_order": 1},
        types={"id": "integer", "price": "number"},
        filter='name!="n0"',
        select=["id", "price"],
    )

    assert result == {
        "fields": [
            {"name": "price", "type": "number"},
            {"name": "ID", "type": "integer"},
        ],
        "rows": [[n + 0.5, n] for n in range(1, 21)],
        "notes": [],
        "requests": [{"method": "GET", "url": url, "headers": ["Accept"]}],
    }


def test_the_first_rows_of_a_page_and_the_requests_for_more(sources: Sources) -> None:
    page = ok(json.dumps(ROWS).encode())
    url = sources.act("/rows", page)

    result = shown(f"{url}?key=s3cret&page=7", page_limit=2, headers={"X-Key": "s3c"})

    assert result["rows"] == [[n, n / 2] for n in range(20)]
    headers = ["Accept", "X-Key"]
    assert result["requests"] == [
        {"method": "GET", "url": f"{url}?key=***&page=1&limit=100", "headers": headers},
        {"method": "GET", "url": f"{url}?key=***&page=2&limit=100", "headers": headers},
    ]
    assert [one.path for one in sources.requests] == [
        "/rows?key=s3cret&page=1&limit=100"
    ]
    assert "s3c" not in json.dumps(result)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/a.csv", BIG),
        ("/a.csv.gz", gzipped(BIG)),
        ("/a.csv", "id,name\n".encode("utf-16") + BIG[8:].decode().encode("utf-16-le")),
        (
            "/a.json",
            json.dumps(
                [{"id": str(n), "name": "a\nb"} for n in range(90_000)]
            ).encode(),
        ),
        (
            "/a.ndjson",
            b"".join(b'{"id": "%d", "name": "a\\nb"}\n' % n for n in range(90_000)),
        ),
    ],
    ids=["csv", "gz", "utf-16", "json", "ndjson"],
)
def test_of_a_large_file_only_the_beginning_is_fetched(
    sources: Sources, path: str, body: bytes
) -> None:
    sent: list[int] = []

    def answer(peer: Connection, _: Request) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for at in range(0, len(body), 65_536):
            peer.send(body[at : at + 65_536])
            sent.append(at)

    result = shown(sources.act(path, answer), paging="none", sort=["-id"])

    assert len(result["rows"]) == 20
    assert result["rows"][0][1] == "a\nb"
    assert "Groups and order are those of the rows at the beginning" in str(result)


def test_few_rows_of_a_large_file_are_noted(sources: Sources) -> None:
    result = shown(sources.put("/a.csv", BIG), filter='id="7"')

    assert result["rows"] == [["7", "a\nb"]]
    assert result["notes"] == [
        "Only the rows at the beginning of the source were read."
    ]


def test_a_workbook_is_shown(sources: Sources) -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    for row in (["id", "x"], [1, 2.5]):
        book.active.append(row)
    book.save(out)

    result = shown(sources.put("/a.xlsx", out.getvalue()))

    assert result["rows"] == [[1, 2.5]]
    assert [one["type"] for one in result["fields"]] == ["integer", "number"]


def test_a_zip_too_large_to_be_read_whole_is_told(sources: Sources) -> None:
    body = b"PK\x03\x04" + bytes(17 << 20)

    with pytest.raises(PreviewFailed, match="more than 16 MiB has no preview"):
        shown(sources.put("/a.zip", body))


@pytest.mark.parametrize(
    ("path", "reply", "words"),
    [
        ("/a.csv", ok(b"", status="404 Not Found"), "answered with status 404"),
        ("/a.csv", ok(b"<html>"), "HTML"),
        ("/rows", ok(b"<html>"), "HTML"),
        ("/rows", ok(b"{}"), "one JSON object"),
        ("/a.csv", ok(b"id\n1\n"), "no column 'nope'"),
    ],
    ids=["404", "html file", "html page", "object", "column"],
)
def test_what_goes_wrong_is_told_without_secrets(
    sources: Sources, path: str, reply: bytes, words: str
) -> None:
    url = sources.act(path, reply)

    with pytest.raises(PreviewFailed, match=words) as told:
        shown(f"{url}?key=s3cret", select=["nope"], headers={"X-Key": "s3cret"})

    assert url in str(told.value)
    assert "s3cret" not in str(told.value)


def test_no_source_is_told() -> None:
    with pytest.raises(PreviewFailed, match="source"):
        preview_export(
            Configuration(file_type="csv"), [], secrets={}, policy=settings.OUTBOUND
        )


def test_a_source_that_stalls_is_given_up_in_time(
    sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exports.preview.TIME_S", 0.5)

    def drip(peer: Connection, _: Request) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        peer.drip(*[b"["] * 100, every_s=0.1)

    for url in (sources.act("/a.csv", drip), sources.act("/rows", drip)):
        began = monotonic()
        with pytest.raises(PreviewFailed):
            shown(url)
        assert monotonic() - began < 2


def test_cells_of_another_type_are_noted(sources: Sources) -> None:
    result = shown(sources.put("/a.csv", b"n\n1\nx\n"), types={"n": "integer"})

    assert result["rows"] == [[1], [None]]
    assert result["notes"] == [
        "1 cells are not of their column's type and became null."
    ]


def test_nothing_is_kept(sources: Sources) -> None:
    shown(sources.put("/a.csv", CSV), sort=["-id"])

    assert leftovers() == []
