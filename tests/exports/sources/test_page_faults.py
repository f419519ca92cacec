"""Sources that fail, stall and lie: tried again, or told with the page's number."""

from collections.abc import Callable
from typing import Any

import pytest

from exports.sources.walk import QUICK_TRIES
from tasks.models import Job
from tests.support.jobs import a_job, fresh, make_due, run_slice
from tests.support.pages import KIND, Paged, a_table, fetched, ids_of, page
from tests.support.sources import Sources
from tests.tasks.outbound.servers import Answer, Connection, Request, ok

Fetch = Callable[..., Job]
TRIES = QUICK_TRIES + 1


class Failing:
    """Serve a table, but for one page, which fails so many times."""

    def __init__(self, number: int, reply: bytes | Answer, times: int = 1000) -> None:
        self.number, self.reply, self.left = str(number), reply, times
        self.failed = 0

    def __call__(self, query: dict[str, str]) -> bytes | Answer | None:
        if query["page"] != self.number or not self.left:
            return None
        self.left -= 1
        self.failed += 1
        return self.reply


def drop(peer: Connection, _: Request) -> None:
    """Hang up without a word."""


def cut_off(peer: Connection, _: Request) -> None:
    peer.send(ok(b'[{"id": 1}, {"i', length=500))


def garble(peer: Connection, _: Request) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n[]")


def stall(peer: Connection, _: Request) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[")
    peer.stopping.wait(3)


UNWELL = ok(b"<h1>Try later</h1>", status="503 Service Unavailable")
BUSY = ok(b"slow down", "Retry-After: 1", status="429 Too Many Requests")


@pytest.mark.parametrize(
    "reply", [UNWELL, BUSY, drop, cut_off], ids=["503", "429", "dropped", "cut off"]
)
def test_what_passes_is_tried_again_at_once_and_no_row_is_lost(
    reply: bytes | Answer, sources: Sources, fetch: Fetch
) -> None:
    failing = Failing(3, reply, times=QUICK_TRIES)
    table = Paged(a_table(45), before=failing)

    job = fetch(table.serve(sources))

    assert ids_of(job) == list(range(45))
    assert job.retries == 0
    assert failing.failed == QUICK_TRIES


def test_a_short_wait_that_is_asked_for_is_kept(sources: Sources, fetch: Fetch) -> None:
    table = Paged(a_table(5), before=Failing(1, BUSY, times=1))

    fetch(table.serve(sources))

    first, second, *_ = table.seen
    assert second.at - first.at >= 1.0


def test_a_long_wait_that_is_asked_for_gives_the_worker_back(
    sources: Sources, fetch: Fetch
) -> None:
    busy = ok(b"", "Retry-After: 120", status="429 Too Many Requests")
    failing = Failing(2, busy, times=1)
    table = Paged(a_table(15), before=failing)

    job = fetch(table.serve(sources))

    assert (job.state, job.retries, failing.failed) == ("queued", 1, 1)
    retry = job.events.get(kind="retry")
    assert retry.data["wait_s"] == 120
    ended = run_slice(make_due(job))
    assert ids_of(ended) == list(range(15))
    assert table.queries.count({"page": "1", "limit": "10"}) == 1


def test_what_goes_on_failing_fails_the_job_with_all_that_is_known(
    sources: Sources, fetch: Fetch
) -> None:
    failing = Failing(3, UNWELL)
    table = Paged(a_table(45), before=failing)
    url = table.serve(sources)

    job = fetch(f"{url}?key=hush")
    while job.state == "queued":
        job = run_slice(make_due(job))

    assert (job.state, job.error_code) == ("failed", "bad_status")
    assert job.error == (
        f"Page 3: {url} answered with status 503. It begins: <h1>Try later</h1>"
    )
    assert failing.failed == TRIES * (1 + job.max_retries)
    assert table.queries.count({"key": "hush", "page": "1", "limit": "10"}) == 1


@pytest.mark.parametrize(
    ("reply", "code", "said"),
    [
        (ok(b"no such page", status="404 Not Found"), "bad_status", "status 404"),
        (ok(b"bad page", status="400 Bad Request"), "bad_status", "status 400"),
        (ok(b"<html>Log in</html>"), "bad_page", "It begins: <html>Log in"),
        (ok(b"", status="304 Not Modified"), "bad_status", "Status 304"),
        (garble, "bad_reply", "garbled chunks"),
    ],
    ids=["404", "400", "html", "304", "garbled"],
)
def test_what_stays_fails_at_once_with_the_page_s_number(
    reply: bytes | Answer, code: str, said: str, sources: Sources, fetch: Fetch
) -> None:
    failing = Failing(3, reply)
    table = Paged(a_table(45), before=failing)

    job = fetch(table.serve(sources))

    assert (job.state, job.error_code, job.retries) == ("failed", code, 0)
    assert job.error.startswith("Page 3")
    assert said in job.error
    assert failing.failed == 1


def test_a_page_that_is_not_needed_may_fail(sources: Sources, fetch: Fetch) -> None:
    def reply(query: dict[str, str]) -> bytes | None:
        beyond = int(query["page"]) > 4
        return ok(b"", status="500 Internal Server Error") if beyond else None

    table = Paged(a_table(30), before=reply)

    job = fetch(table.serve(sources))

    assert ids_of(job) == list(range(30))


def test_a_reply_that_stalls_is_given_up_and_asked_for_again(
    sources: Sources, fetch: Fetch
) -> None:
    failing = Failing(2, stall, times=1)
    table = Paged(a_table(15), before=failing)

    job = fetch(table.serve(sources), timeout_s=0.5)

    assert ids_of(job) == list(range(15))


def test_a_slow_source_is_waited_for(sources: Sources, fetch: Fetch) -> None:
    def slowly(peer: Connection, request: Request) -> None:
        whole = page([{"id": 0}])
        half = len(whole) - 5
        peer.drip(whole[:10], whole[10:half], whole[half:], every_s=0.3)

    url = sources.act("/rows", slowly)

    job = fetch(url, page_limit=1, timeout_s=2.0)

    assert ids_of(job) == [0]


@pytest.mark.django_db
def test_an_address_that_is_none_fails_the_job() -> None:
    job = run_slice(a_job(KIND, params={"url": "http://exa mple/rows?key=hush"}))

    assert (job.state, job.error_code) == ("failed", "bad_url")
    assert "hush" not in job.error


@pytest.mark.django_db
def test_what_the_policy_forbids_is_not_asked_for() -> None:
    job = run_slice(a_job(KIND, params={"url": "http://10.0.0.1/rows"}))

    assert (job.state, job.error_code) == ("failed", "address")
    assert job.error.startswith("Page 1: http://10.0.0.1/rows leads to ")


def test_a_thousand_small_pages_come_whole(sources: Sources, fetch: Fetch) -> None:
    table = Paged(a_table(10_000))

    job = fetch(table.serve(sources))

    assert ids_of(job) == list(range(10_000))
    assert fetched(job)["counted"][:2] == [1001, 10_000]


def test_the_receipt_tells_what_was_asked_without_the_query(
    sources: Sources, fetch: Fetch
) -> None:
    body: Any = a_table(2)
    url = sources.act("/rows", page(body, 'ETag: "v1"'), page([]))

    job = fetch(f"{url}?key=hush", concurrency=1)

    receipt = fetched(job)["receipt"]
    assert receipt.pop("fetched_at") > "2020"
    assert receipt == {
        "url": url,
        "validators": {"ETag": '"v1"'},
        "paging": "page",
        "pages": 2,
        "requests": 2,
        "bytes": fetched(job)["counted"][2],
    }
    assert "hush" not in str(fresh(job).cursor)
