"""Fetching that must end now: at once, with no thread and no file left."""

import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest

from tasks.engine.run import Run
from tests.support.jobs import a_job, claimed, fresh
from tests.support.pages import KIND, Paged, a_table
from tests.support.polling import until
from tests.support.sources import Sources
from tests.tasks.outbound.servers import Answer, Connection, Request

pytestmark = pytest.mark.django_db
Files = Callable[[], list[Path]]
FOREVER = float("inf")


def silent(peer: Connection, _: Request) -> None:
    peer.stopping.wait(20)


def dripping(peer: Connection, _: Request) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n["
    peer.drip(head, *[b" "] * 1000, every_s=0.02)


def page_threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "page"]


@pytest.mark.parametrize("last", [silent, dripping], ids=["silent", "dripping"])
@pytest.mark.parametrize("rate_limit", [None, 1], ids=["at once", "paced"])
def test_a_cancelled_fetch_ends_within_a_second(
    last: Answer, rate_limit: int | None, sources: Sources, store_files: Files
) -> None:
    table = Paged(
        a_table(30), before=lambda query: last if query["page"] > "1" else None
    )
    params = {"url": table.serve(sources), "rate_limit": rate_limit}
    run = Run(claimed(a_job(KIND, params=params)))
    ended_at: list[float] = []

    def cancel() -> None:
        until(lambda: len(table.seen) > 1, within_s=10, what="the second page is asked")
        run.lease.cancelled = True
        ended_at.append(monotonic())
        assert run.lease.stop
        run.lease.stop()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    run.advance(until=FOREVER)
    took_s = monotonic() - ended_at[0]
    canceller.join()
    run.end()

    assert fresh(run.job).state == "cancelled"
    assert took_s < 1.0
    assert page_threads() == []
    assert store_files() == []


def test_a_fetch_that_is_parked_leaves_no_thread(sources: Sources) -> None:
    table = Paged(
        a_table(30), before=lambda query: silent if query["page"] > "1" else None
    )
    run = Run(claimed(a_job(KIND, params={"url": table.serve(sources)})))
    until(
        lambda: run.advance(until=0) or len(table.seen) > 1,
        within_s=10,
        what="the second page is asked",
    )

    run.park()
    run.end()

    assert fresh(run.job).state == "inprogress"
    assert page_threads() == []


def test_a_waiting_fetch_lets_other_jobs_have_their_turn(sources: Sources) -> None:
    url = sources.act("/rows", silent)
    run = Run(claimed(a_job(KIND, params={"url": url})))

    began = monotonic()
    turns = 0
    while monotonic() - began < 1.0:
        assert not run.advance(until=0)
        turns += 1

    assert turns >= 3
    run.park()
    run.end()
