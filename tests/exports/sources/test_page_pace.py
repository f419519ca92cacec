"""Requests per second, counted by the server, and requests at once."""

import threading
from collections.abc import Callable
from time import monotonic

import pytest

from exports.sources.crew import Crew, page_policy
from exports.sources.pages import walk_pages
from tasks.models import Job
from tests.support.pages import Paged, a_table, ids_of, page, source_of
from tests.support.sources import Sources
from tests.support.threads import at_once
from tests.tasks.outbound.servers import Connection, Request

Fetch = Callable[..., Job]


def most_within(times: list[float], window_s: float) -> int:
    ordered = sorted(times)
    return max(
        sum(start <= at < start + window_s for at in ordered) for start in ordered
    )


def walk_ids(url: str, sources: Sources, **params: object) -> list[int]:
    """Walk through a source as a thread of its own, without a job."""
    source = source_of({"url": url, **params})
    crew = Crew(source, page_policy(source, sources.policy()))
    pages = walk_pages(source, crew)
    return [
        row["id"]
        for page in pages
        if page
        for frame in page.frames
        for row in frame.to_dicts()
    ]


@pytest.mark.django_db(transaction=True)
def test_two_readers_of_one_host_share_its_pace(sources: Sources) -> None:
    table = Paged(a_table(70))
    url = table.serve(sources)

    results = at_once(2, lambda: walk_ids(url, sources, rate_limit=8))

    assert results == [list(range(70))] * 2
    times = [one.at for one in table.seen]
    # One more for a request that was late while the next was not, twice for safety.
    assert most_within(times, 1.0) <= 8 + 2
    assert max(times) - min(times) >= (len(times) - 1) / 8 - 0.25


def test_a_job_keeps_the_pace_it_was_given(sources: Sources, fetch: Fetch) -> None:
    table = Paged(a_table(60))

    job = fetch(table.serve(sources), rate_limit=5)

    assert ids_of(job) == list(range(60))
    assert most_within([one.at for one in table.seen], 1.0) <= 5 + 1


class Counting:
    """Answer each request a moment late, and count those that wait at once."""

    def __init__(self, rows: int) -> None:
        self.table = Paged(a_table(rows))
        self.now = self.most = 0
        self.guard = threading.Lock()

    def __call__(self, peer: Connection, request: Request) -> None:
        with self.guard:
            self.now += 1
            self.most = max(self.most, self.now)
        peer.stopping.wait(0.15)
        with self.guard:
            self.now -= 1
        self.table.answer(peer, request)


@pytest.mark.parametrize("at_once", [1, 3])
def test_so_many_pages_are_fetched_at_once_and_no_more(
    at_once: int, sources: Sources, fetch: Fetch
) -> None:
    counting = Counting(95)
    url = sources.act("/rows", counting)

    job = fetch(url, concurrency=at_once)

    assert ids_of(job) == list(range(95))
    assert counting.most == at_once


def test_large_pages_are_not_fetched_ahead(sources: Sources) -> None:
    counting = Counting(0)
    counting.table.rows = [{"id": n, "text": "x" * (9 << 20)} for n in range(3)]
    url = sources.act("/rows", counting)

    pages = walk_ids(url, sources, size=1)

    assert pages == [0, 1, 2]
    assert counting.most == 1


def test_the_next_cursor_is_asked_for_while_a_page_is_read(
    sources: Sources, db: None
) -> None:
    asked: list[float] = []

    def first(peer: Connection, _: Request) -> None:
        peer.send(page({"items": [{"id": 0}], "next": "b"}))

    def second(peer: Connection, _: Request) -> None:
        asked.append(monotonic())
        peer.send(page({"items": [{"id": 1}], "next": None}))

    url = sources.act("/rows", first, second)
    paging = {"style": "cursor", "items_path": "items", "cursor_path": "next"}
    source = source_of({"url": url, "paging": paging})
    crew = Crew(source, page_policy(source, sources.policy()))

    pages = walk_pages(source, crew)
    one = next(page for page in pages if page)

    # The reader sits on the first page, and the second is on its way already.
    assert one.number == 1
    deadline = monotonic() + 5
    while not asked and monotonic() < deadline:
        threading.Event().wait(0.01)
    assert asked
    pages.close()
