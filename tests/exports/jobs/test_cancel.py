"""A cancel frees the worker within a second, wherever it is, and leaves no file."""

import socket
from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from tasks import services
from tasks.engine import shift
from tasks.models import Job
from tasks.states import JobState
from tests.support.exporting import an_export, leftovers
from tests.support.polling import until
from tests.support.sources import Sources
from tests.tasks.outbound.servers import Answer, Connection, Request

pytestmark = pytest.mark.django_db(transaction=True)

# 1 s is promised; tests share their machine with others. Connecting may take 5 s.
WITHIN_S = 3.0
A_WHILE = timedelta(seconds=1.5)
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
CSV_BLOCK = b"".join(b"%d,some text,%d\n" % (n, n % 7) for n in range(50_000))
JSON_BLOCK = b"".join(b'{"n": %d, "m": "some text"},' % n for n in range(50_000))


def for_ever(begin: bytes, block: bytes) -> Answer:
    def answer(peer: Connection, _: Request) -> None:
        peer.send(HEAD, begin)
        while not peer.stopping.is_set():
            peer.send(block)

    return answer


def stalls(begin: bytes) -> Answer:
    def answer(peer: Connection, _: Request) -> None:
        peer.send(begin)
        peer.stopping.wait(20)

    return answer


def cancelled_after(job: Job, is_time: Callable[[Job], bool]) -> float:
    """Run a job, cancel it when it is time to; return the seconds it went on."""
    asked_at: list[float] = []

    def watch() -> None:
        try:
            mine = Job.objects.get(pk=job.pk)
            until(lambda: _now(mine, is_time), within_s=15, what="the job is there")
            asked_at.append(monotonic())
            services.cancel(mine)
        finally:
            connections.close_all()

    watcher = Thread(target=watch)
    watcher.start()
    shift.answer()
    ended_at = monotonic()
    watcher.join()
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED, (job.state, job.error)
    return ended_at - asked_at[0]


def _now(job: Job, is_time: Callable[[Job], bool]) -> bool:
    job.refresh_from_db()
    assert job.state not in {JobState.FAILED, JobState.SUCCEEDED}, job.error
    return job.state == JobState.INPROGRESS and is_time(job)


def writes(job: Job) -> bool:
    return job.rows > 300_000


def runs(job: Job) -> bool:
    return job.started_at is not None


def runs_a_while(job: Job) -> bool:
    return job.started_at is not None and timezone.now() - job.started_at > A_WHILE


CSV = for_ever(b"n,m,k\n", CSV_BLOCK)
COUNT = {"group_by": ["n"], "aggregates": [{"function": "count"}]}
CASES: dict[str, tuple[str, Answer, Callable[[Job], bool], dict[str, Any]]] = {
    "no answer": ("/a.csv", stalls(b""), runs, {}),
    "stalls in its head": ("/a.csv", stalls(HEAD + b"n,m\n1,"), runs, {}),
    "writes csv": ("/a.csv", CSV, writes, {}),
    "writes json": ("/a.csv", CSV, writes, {"file_type": "json"}),
    "writes xlsx": ("/a.csv", CSV, writes, {"file_type": "xlsx"}),
    "writes parquet": ("/a.csv", CSV, writes, {"file_type": "parquet"}),
    "writes a zip": ("/a.csv", CSV, writes, {"file_type": "zip"}),
    "reads json": ("/a.json", for_ever(b"[", JSON_BLOCK), runs_a_while, {}),
    "sorts": ("/a.csv", CSV, runs_a_while, {"sort": ["-n"]}),
    "groups": ("/a.csv", CSV, runs_a_while, COUNT),
    "waits for a page": ("/rows", stalls(HEAD + b"["), runs, {"paging": {}}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_cancel_frees_the_worker_and_leaves_nothing(
    sources: Sources, case: str
) -> None:
    path, answer, is_time, wanted = CASES[case]
    task = an_export(sources.act(path, answer), **wanted)

    took_s = cancelled_after(task.job, is_time)

    assert took_s < WITHIN_S
    assert leftovers() == []
    task.refresh_from_db()
    assert task.artifact is None


def test_a_cancel_does_not_wait_for_a_connection(sources: Sources) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        address = deaf.getsockname()
        full = [socket.socket() for _ in range(3)]
        for one in full:
            one.setblocking(False)
            one.connect_ex(address)
        task = an_export(f"http://127.0.0.1:{address[1]}/a.csv")

        took_s = cancelled_after(task.job, runs)

        for one in full:
            one.close()
    assert took_s < WITHIN_S
    assert leftovers() == []
