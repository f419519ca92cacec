"""What one job, and one idle host, cost the database: what capacity is made of."""

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from time import monotonic, sleep

import psycopg
from django.db import connections

from tasks.models import Job
from tasks.states import FINAL
from tests.bench.table import Row
from tests.support.backends import own_database, why_not
from tests.support.live import Live
from tests.support.polling import until

JOBS, LANES, IDLE_S = 400, 8, 10.0


class WithRedis(Live):
    """A service on PostgreSQL whose doorbell is Redis."""

    def _database(self) -> AbstractContextManager[str]:
        return own_database("postgresql", self.folder)


def rows(backend: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="costs-") as name:
        with Live(backend, Path(name) / "one", LIVE_KINDS="test") as live:
            yield from _of(backend, live, metered=backend == "postgresql")
        if backend == "postgresql" and not why_not("redis"):
            with WithRedis("redis", Path(name) / "two", LIVE_KINDS="test") as live:
                yield from _of("postgresql with Redis", live, metered=True)


def _of(what: str, live: Live, *, metered: bool) -> Iterator[Row]:
    live.start(workers=2)
    live.succeeded(live.enqueue("test.steps", steps=1))
    meter = Meter(live.url) if metered else None
    if meter:
        yield from _idle(what, meter)
    before = meter.read() if meter else Reading()
    began = monotonic()
    for number in range(JOBS):
        live.enqueue("test.steps", lane=f"lane-{number % LANES}", steps=1)
    queued_s = monotonic() - began
    until(_all_final, within_s=300, what="all jobs are final")
    took_s = monotonic() - began
    yield Row.of(f"{what}: jobs of one step queued", JOBS / queued_s, "/s")
    yield Row.of(f"{what}: the same done by 2 workers", JOBS / took_s, "/s")
    if meter:
        yield from _each(what, before, meter.read(), took_s)


class Reading:
    def __init__(self, commits: float = 0, wal_bytes: float = 0) -> None:
        self.commits, self.wal_bytes = commits, wal_bytes


class Meter:
    """Counts what a database has committed and written so far."""

    def __init__(self, url: str) -> None:
        self.url = url

    def read(self) -> Reading:
        # What a backend has done is told when it is idle for a moment.
        sleep(1.1)
        with psycopg.connect(self.url, autocommit=True) as connection:
            found = connection.execute(
                "SELECT xact_commit, pg_current_wal_lsn() - '0/0' FROM pg_stat_database"
                " WHERE datname = current_database()"
            ).fetchone()
        assert found
        return Reading(float(found[0]), float(found[1]))

    def connections(self) -> int:
        connections.close_all()
        with psycopg.connect(self.url, autocommit=True) as connection:
            found = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database()"
            ).fetchone()
        assert found
        return int(found[0])


def _idle(what: str, meter: Meter) -> Iterator[Row]:
    before, began = meter.read(), monotonic()
    sleep(IDLE_S)
    after, took_s = meter.read(), monotonic() - began
    commits = (after.commits - before.commits) / took_s
    yield Row.of(f"{what}: an idle host of 2 workers, transactions", commits, "/s")
    yield Row.of(f"{what}: the same, connections", meter.connections(), "")


def _each(what: str, before: Reading, after: Reading, took_s: float) -> Iterator[Row]:
    commits = (after.commits - before.commits) / JOBS
    wal = (after.wal_bytes - before.wal_bytes) / JOBS
    yield Row.of(f"{what}: transactions for each job", commits, "")
    yield Row.of(f"{what}: write-ahead log for each job", wal / 1024, "KiB")
    rate = (after.commits - before.commits) / took_s
    yield Row.of(f"{what}: transactions while 2 workers are busy", rate, "/s")


def _all_final() -> bool:
    return not Job.objects.exclude(state__in=FINAL).exists()
