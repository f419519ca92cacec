"""A cluster that loses a worker or itself, and jobs that are cancelled on it."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from distributed import Client
from django.db import connections
from pytest_django import Settings

from exports.cluster import cluster as connection
from tasks import services
from tasks.engine import shift
from tasks.engine.run import Run
from tasks.models import Job
from tasks.outbound.policy import parse_policy
from tests.support.clusters import DaskCluster
from tests.support.exporting import an_export, ended, exported, failed, leftovers
from tests.support.jobs import claimed, lose
from tests.support.pages import Paged, a_table, slowly
from tests.support.polling import until
from tests.support.sources import Sources, csv_of

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

PAGES: dict[str, Any] = {"paging": {"size": 10}, "page_limit": 60}
CSV = csv_of([("id", "name"), *((n, f"row {n}") for n in reversed(range(600)))])


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_S", 1.0)


@pytest.fixture
def own(tmp_path: Path, settings: Settings) -> Iterator[DaskCluster]:
    """A cluster that a test may do to what it likes."""
    with DaskCluster(tmp_path / "dask") as running:
        settings.COMPUTE_URL = running.url
        yield running


def meanwhile(is_time: Callable[[], bool], act: Callable[[], object]) -> Thread:
    """Do something in a thread of its own, once it is time to."""

    def watch() -> None:
        try:
            until(is_time, within_s=60, what="it is time")
            act()
        finally:
            connections.close_all()

    thread = Thread(target=watch)
    thread.start()
    return thread


def test_the_file_is_whole_though_a_worker_of_the_cluster_is_killed(
    own: DaskCluster, sources: Sources
) -> None:
    table = Paged(a_table(600))
    url = slowly(table, sources)
    watcher = meanwhile(lambda: len(table.seen) > 20, own.workers[0].kill)

    body, artifact = exported(url, **PAGES, sort=["-id"], compute="cluster")
    watcher.join()

    assert body == CSV
    assert artifact.rows == 600
    assert not own.workers[0].alive


def test_a_scheduler_that_dies_is_a_passing_fault(
    own: DaskCluster, sources: Sources, settings: Settings
) -> None:
    table = Paged(a_table(600))
    assert own.scheduler
    watcher = meanwhile(lambda: len(table.seen) > 20, own.scheduler.kill)

    job = failed(slowly(table, sources), **PAGES, compute="cluster")
    watcher.join()

    assert (job.error_code, job.retries) == ("cluster_down", 4)


def test_a_scheduler_that_nobody_answers_at_is_a_passing_fault(
    sources: Sources, settings: Settings
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings.COMPUTE_URL = f"tcp://127.0.0.1:{port}"

    job = failed(Paged(a_table(9)).serve(sources), **PAGES, compute="cluster")

    assert (job.error_code, job.retries) == ("cluster_down", 4)
    assert job.error == "The cluster that COMPUTE_URL names does not answer."


def test_a_cancel_ends_the_work_on_the_cluster(
    cluster: DaskCluster, sources: Sources
) -> None:
    table = Paged(a_table(10_000))
    url = slowly(table, sources)
    wanted = {**PAGES, "page_limit": 1_000}
    task = an_export(url, **wanted, compute="cluster")
    asked_at: list[float] = []

    def cancel() -> None:
        asked_at.append(monotonic())
        services.cancel(Job.objects.get(pk=task.job_id))

    watcher = meanwhile(lambda: len(table.seen) > 20, cancel)
    shift.answer()
    took_s = monotonic() - asked_at[0]
    watcher.join()

    task.job.refresh_from_db()
    assert task.job.state == "cancelled"
    assert took_s < 3.0  # one is promised; tests share their machine with others
    until(lambda: is_idle(cluster), within_s=10, what="the cluster has nothing to do")
    assert len(table.seen) < 1_000
    assert leftovers() == []


def connected(url: str) -> Any:
    client: Any = Client
    return client(url, set_as_default=False)


def is_idle(cluster: DaskCluster) -> bool:
    with connected(cluster.url) as client:
        return not any(client.processing().values())


def test_who_lost_the_job_changes_nothing_any_more(sources: Sources) -> None:
    table = Paged(a_table(600))
    task = an_export(slowly(table, sources), **PAGES, sort=["-id"], compute="cluster")
    late = Run(claimed(task.job))
    until(lambda: under_way(late, table), within_s=60, what="pages are read")
    lose(late.job)

    done = ended(task)
    assert late.advance(until=float("inf"))
    late.end()

    assert (done.job.state, done.job.rows) == ("succeeded", 600)
    assert done.artifact is not None
    digest = done.artifact.digest
    assert leftovers() == [f"store/{digest[:2]}/{digest[2:4]}/{digest}"]


def under_way(run: Run, table: Paged) -> bool:
    assert not run.advance(until=0)
    return len(table.seen) > 5


def test_an_unknown_column_is_told_as_the_service_tells_it(sources: Sources) -> None:
    url = Paged(a_table(30)).serve(sources)

    by_cluster = failed(url, **PAGES, select=["nope"], compute="cluster")
    by_service = failed(url, **PAGES, select=["nope"])

    assert by_cluster.error == by_service.error
    assert by_cluster.error_code == "bad_table"


def test_a_page_that_fails_for_good_fails_the_export(sources: Sources) -> None:
    url = sources.fails("/rows", "403 Forbidden", body=b"no")

    job = failed(url, **PAGES, compute="cluster")

    assert job.error_code == "bad_status"
    assert job.error.startswith("Page 1: ")


def test_what_may_not_be_fetched_is_not_fetched_by_the_cluster(
    sources: Sources, settings: Settings
) -> None:
    settings.OUTBOUND = parse_policy()

    job = failed(Paged(a_table(30)).serve(sources), **PAGES, compute="cluster")

    assert job.error_code == "port"
    assert sources.hits == 0


def test_a_cluster_that_is_gone_from_the_settings_fails_the_export(
    sources: Sources, settings: Settings
) -> None:
    settings.COMPUTE_URL = ""

    job = failed(Paged(a_table(30)).serve(sources), **PAGES, compute="cluster")

    assert job.error_code == "no_cluster"


def test_no_worker_of_the_cluster_knows_django(
    cluster: DaskCluster, sources: Sources
) -> None:
    exported(Paged(a_table(30)).serve(sources), **PAGES, compute="cluster")

    with connected(cluster.url) as client:
        known = client.run(eval, "sorted(__import__('sys').modules)")

    assert len(known) == 2
    # The one may have done it all.
    assert any("exports.cluster.rows" in names for names in known.values())
    for names in known.values():
        assert not {"django", "tasks.models", "django_q"} & set(names)
