"""A paged source, as the original fetched it: fetched whole, then written."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tasks.engine.run import Run
from tasks.models import Job
from tests.support.exporting import an_export, ended, exported, failed, leftovers
from tests.support.jobs import claimed
from tests.support.sources import Sources
from tests.tasks.outbound.servers import Connection, Request, ok

pytestmark = pytest.mark.django_db(transaction=True)

Rows = list[dict[str, Any]]


def pages_of(
    rows: Rows, change: Callable[[int, Rows], bytes] | None = None
) -> Callable[[Connection, Request], None]:
    """Answer `?page=N&limit=L` as the source of contract 3.4.1 does."""

    def answer(peer: Connection, request: Request) -> None:
        asked = parse_qs(urlsplit(request.path).query)
        number, size = int(asked["page"][0]), int(asked["limit"][0])
        part = rows[(number - 1) * size : number * size]
        body = change(number, part) if change else json.dumps(part).encode()
        peer.send(body if body.startswith(b"HTTP/") else ok(body))

    return answer


ROWS: Rows = [{"id": n, "name": f"n{n}", "price": n / 2} for n in range(250)]


def test_pages_are_fetched_to_the_first_empty_one(sources: Sources) -> None:
    url = sources.act("/rows", pages_of(ROWS))

    body, artifact = exported(url, paging=None, file_type="json")

    assert json.loads(body) == ROWS
    assert artifact.rows == 250
    assert sources.requests[0].path == "/rows?page=1&limit=100"
    assert sources.requests[0].headers["accept"] == "*/*"


def test_the_columns_of_contract_3_4_1_are_named_and_placed(sources: Sources) -> None:
    url = sources.act("/rows", pages_of(ROWS[:3]))

    body, _ = exported(
        url,
        paging=None,
        inputs=[
            {"name": "revenue", "column": 2, "change_order": 0},
            {"name": "nowhere", "column": 9, "change_order": 1},
        ],
    )

    assert body == b"revenue,id,name\n0.0,0,n0\n0.5,1,n1\n1.0,2,n2\n"


def test_page_limit_counts_pages_and_the_setting_counts_their_rows(
    sources: Sources, settings: Any
) -> None:
    settings.EXPORT_PAGE_SIZE = 10
    url = sources.act("/rows", pages_of(ROWS))

    body, artifact = exported(url, paging=None, page_limit=2)

    assert len(body.splitlines()) == 21
    assert artifact.receipt["sources"][0]["pages"] == 2


def test_the_source_may_be_the_services_own(sources: Sources, settings: Any) -> None:
    settings.EXPORT_SOURCE_URL = sources.act("/rows", pages_of(ROWS[:2]))

    body, _ = exported(paging=None)

    assert body == b"id,name,price\n0,n0,0.0\n1,n1,0.5\n"


def test_no_rows_at_all_are_an_empty_table(sources: Sources) -> None:
    url = sources.act("/rows", pages_of([]))

    json_, _ = exported(url, paging=None, file_type="json")
    csv, artifact = exported(url, paging=None)

    assert (json_, csv, artifact.rows) == (b"[]", b"", 0)


def test_columns_that_come_later_are_told(sources: Sources) -> None:
    rows: Rows = [{"id": n} for n in range(100)] + [{"id": "x", "more": True}]
    url = sources.act("/rows", pages_of(rows))

    body, artifact = exported(url, paging=None)

    lines = body.splitlines()
    assert (lines[0], lines[1], lines[-1]) == (b"id,more", b"0,", b"x,true")
    drifts = artifact.receipt["sources"][0]["drifts"]
    assert sorted((one["column"], one["what"]) for one in drifts) == [
        ("id", "changed"),
        ("more", "appeared"),
    ]


def test_a_page_that_fails_for_good_fails_the_task(sources: Sources) -> None:
    def second_fails(number: int, part: Rows) -> bytes:
        if number == 2:
            return ok(b"no more for you", status="403 Forbidden")
        return json.dumps(part).encode()

    url = sources.act("/rows", pages_of(ROWS, second_fails))

    job = failed(f"{url}?key=s3cret", paging=None)

    assert job.error.startswith("Page 2")
    assert f"{url} answered with status 403" in job.error
    assert "no more for you" in job.error
    assert "s3cret" not in job.error


def percents(task_job: Job) -> list[int]:
    """Run a job step by step; return each percentage that is known."""
    run = Run(claimed(task_job))
    seen: list[int] = []
    while True:
        over = run.advance(until=0)
        run._write()
        if over:
            break
        if (percent := run.job.percent) is not None:
            seen.append(percent)
    run.end()
    return seen


@pytest.mark.parametrize("limited", [False, True])
def test_percent_never_goes_back_over_both_phases(
    sources: Sources, limited: bool
) -> None:
    url = sources.act("/rows", pages_of(ROWS * 8))
    wanted: dict[str, Any] = {"page_limit": 30} if limited else {}
    task = an_export(url, paging={}, sort=["-id"], **wanted)

    seen = percents(task.job)

    assert seen == sorted(seen)
    assert seen[-1] == 99
    if limited:
        assert seen[0] < 10
        assert len({one for one in seen if one <= 50}) > 5


def test_a_job_that_ended_keeps_only_its_file(sources: Sources) -> None:
    task = ended(an_export(sources.act("/rows", pages_of(ROWS)), paging={}))

    assert task.artifact is not None
    digest = task.artifact.digest
    assert leftovers() == [f"store/{digest[:2]}/{digest[2:4]}/{digest}"]
