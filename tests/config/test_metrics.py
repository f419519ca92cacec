"""What /metrics tells of jobs, tasks, files and this process."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from config import metrics
from exports import share_queries
from tasks.archive import stored
from tasks.engine import clock
from tasks.errors import Overloaded
from tasks.models import Artifact, Phase, Task, WorkerHost
from tasks.states import JobState
from tests.support.jobs import a_client, a_job, a_job_in
from tests.support.sharing import a_query, a_share, put, some_events

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _anew(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.STORE_URL = str(tmp_path / "store")
    settings.STATIC_ROOT = tmp_path  # whitenoise warns of a folder that is not there
    stored.store.cache_clear()
    metrics.forget()
    yield
    stored.store.cache_clear()
    metrics.forget()


def read(client: Client) -> dict[str, float]:
    """Return each sample of the page by its name and sorted labels."""
    page = client.get("/metrics").content.decode()
    found = {}
    for family in text_string_to_metric_families(page):
        for one in family.samples:
            labels = ",".join(
                f"{key}={value}" for key, value in sorted(one.labels.items())
            )
            found[f"{one.name}{{{labels}}}"] = one.value
    return found


def a_task(phase: Phase, **fields: int) -> Task:
    at = clock.now()
    return Task.objects.create(
        client=a_client(),
        processor="archive",
        phase=phase,
        waiting_since=at if phase == Phase.WAITING else None,
        completed_at=at if phase in {Phase.COMPLETED, Phase.FAILED} else None,
        result_type="STREAM" if phase == Phase.COMPLETED else "",
        **fields,
    )


def test_jobs_are_counted_by_kind_and_state(client: Client) -> None:
    a_job("a")
    a_job("a")
    a_job_in(JobState.INPROGRESS, kind="b")
    a_job_in(JobState.FAILED, finished_at=clock.now())

    found = read(client)

    assert found["entrepot_jobs{kind=a,state=queued}"] == 2
    assert found["entrepot_jobs{kind=b,state=inprogress}"] == 1
    assert not [name for name in found if "entrepot_jobs{" in name and "failed" in name]


def test_the_queues_age_is_that_of_the_job_that_is_due_longest(client: Client) -> None:
    at = clock.now()
    a_job(due_at=at - timedelta(seconds=90))
    a_job(due_at=at + timedelta(hours=1), queued_at=at - timedelta(hours=5))
    a_job_in(JobState.INPROGRESS, due_at=at - timedelta(hours=1), lease_owner="gone")

    age = read(client)["entrepot_queue_age_seconds{}"]

    assert 90 <= age < 100


def test_an_empty_queue_has_no_age(client: Client) -> None:
    assert read(client)["entrepot_queue_age_seconds{}"] == 0


def test_recent_jobs_tell_their_durations_retries_and_bytes(client: Client) -> None:
    at = clock.now()
    for seconds in (0.2, 3, 4000):
        a_job_in(
            JobState.SUCCEEDED,
            started_at=at - timedelta(seconds=seconds),
            finished_at=at,
            retries=2,
            size_bytes=100,
        )
    long_ago = at - timedelta(hours=2)
    a_job_in(JobState.SUCCEEDED, started_at=long_ago, finished_at=long_ago, retries=9)

    found = read(client)

    of = "kind=test.steps,state=succeeded"
    name = "entrepot_job_duration_seconds"
    assert found[f"entrepot_job_retries{{{of}}}"] == 6
    assert found[f"entrepot_job_bytes{{{of}}}"] == 300
    assert found[f"{name}_gcount{{{of}}}"] == 3
    assert round(found[f"{name}_gsum{{{of}}}"], 3) == 4003.2
    buckets = [
        found[f"{name}_bucket{{kind=test.steps,le={le},state=succeeded}}"]
        for le in ("0.1", "0.5", "5.0")
    ]
    assert buckets == [0, 1, 2]
    assert found[f"{name}_bucket{{kind=test.steps,le=+Inf,state=succeeded}}"] == 3


def test_a_job_that_never_started_has_no_duration_and_still_counts(
    client: Client,
) -> None:
    a_job_in(JobState.CANCELLED, finished_at=clock.now())

    found = read(client)

    of = "kind=test.steps,state=cancelled"
    assert found[f"entrepot_job_duration_seconds_gcount{{{of}}}"] == 1
    assert found[f"entrepot_job_duration_seconds_gsum{{{of}}}"] == 0


def test_tasks_and_their_assets_are_counted_until_they_end(client: Client) -> None:
    a_task(Phase.DOWNLOADING, announced=10, downloaded=6, failed=1)
    a_task(Phase.WAITING, announced=5, downloaded=5)
    a_task(Phase.COMPLETED, announced=100, downloaded=100)

    found = read(client)

    assert found["entrepot_tasks{phase=DOWNLOADING}"] == 1
    assert found["entrepot_tasks{phase=WAITING}"] == 1
    assert found["entrepot_tasks{phase=PROCESSING}"] == 0
    assert found["entrepot_assets{state=waiting}"] == 3
    assert found["entrepot_assets{state=downloaded}"] == 11
    assert found["entrepot_assets{state=failed}"] == 1


def test_workers_count_while_their_supervisor_is_heard_of(client: Client) -> None:
    at = clock.now()
    old = at - timedelta(minutes=1)
    WorkerHost.objects.create(owner="a/1", workers=4, started_at=at, seen_at=at)
    WorkerHost.objects.create(owner="b/1", workers=8, started_at=old, seen_at=old)

    assert read(client)["entrepot_workers{}"] == 4


def test_a_file_that_two_artifacts_share_is_counted_once(client: Client) -> None:
    for name, digest, size in (("a", "0", 5), ("b", "0", 5), ("c", "1", 7)):
        Artifact.objects.create(
            digest=digest * 64, size_bytes=size, name=name, media_type="text/plain"
        )

    found = read(client)

    assert found["entrepot_store_bytes{}"] == 12
    assert found["entrepot_store_free_bytes{}"] > 0


def test_refusals_are_counted_by_their_reason(client: Client) -> None:
    def refused() -> float:
        return read(client).get("entrepot_refusals_total{reason=Overloaded}", 0)

    before = refused()

    Overloaded("The disk is full.")

    assert refused() == before + 1


def test_the_figures_cost_few_queries_and_none_for_some_seconds(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    # PostgreSQL is asked for the time, too.
    clocks = 2 if connection.vendor == "postgresql" else 0
    with django_assert_max_num_queries(9 + clocks):
        client.get("/metrics")
    with django_assert_max_num_queries(0):
        page = client.get("/metrics")

    assert b"entrepot_waits 0" in page.content
    assert b"django_http_requests_total" in page.content


def test_the_figures_are_not_for_everybody(client: Client) -> None:
    reply = client.get("/metrics", REMOTE_ADDR="203.0.113.9")

    assert (reply.status_code, b"entrepot_" in reply.content) == (401, False)


def test_sharing_tells_its_queries_and_what_waits_to_be_filed(client: Client) -> None:
    share = a_share()
    put(share.stream, some_events(5))
    for fetched in (True, False):
        query = a_query(share)
        if fetched:
            share_queries.claim(query, at=clock.now())
            share_queries.collected(query, at=clock.now())
    a_query(share, filter="n = 1")

    found = read(client)

    assert found["entrepot_tail_events{}"] == 5
    assert found["entrepot_share_queries{state=fetched}"] == 1
    assert found["entrepot_share_queries{state=ready}"] == 1
    assert found["entrepot_share_queries{state=waiting}"] == 1
