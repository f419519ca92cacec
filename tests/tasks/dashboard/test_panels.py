"""What each panel of the work floor tells."""

from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from tasks.archive import stored
from tasks.dashboard import panels
from tasks.dashboard.panel import Panel, Tile, lasting, sized
from tasks.engine import clock
from tasks.models import Artifact, WorkerHost
from tasks.states import JobState
from tests.support.jobs import a_client, a_job, a_job_in

pytestmark = pytest.mark.django_db


def tile(panel: Panel, label: str) -> Tile:
    return next(one for one in panel.tiles if one.label == label)


def cells(panel: Panel) -> list[list[str]]:
    assert panel.table is not None
    return [[str(cell) for cell in row] for row in panel.table.rows]


def test_how_things_stand_in_figures() -> None:
    at = clock.now()
    oldest = a_job(due_at=at - timedelta(seconds=90))
    a_job(due_at=at + timedelta(hours=1))
    a_job_in(JobState.INPROGRESS, lease_owner="vm/b/1/77/5")
    for state in (JobState.SUCCEEDED, JobState.SUCCEEDED, JobState.SUCCEEDED):
        a_job_in(state, finished_at=at - timedelta(hours=1))
    a_job_in(JobState.FAILED, finished_at=at - timedelta(hours=2))
    a_job_in(JobState.FAILED, finished_at=at - timedelta(days=2))
    WorkerHost.objects.create(owner="vm/b/1/7/5", workers=4, started_at=at, seen_at=at)

    found = panels.now(at=at)

    assert {one.label: one.value for one in found.tiles} == {
        "Queued": "2",
        "In progress": "1",
        "Waits longest": "2 min",
        "Workers busy": "1 of 4",
        "Succeeded": "3",
        "Failed": "1",
    }
    assert tile(found, "Waits longest").url == f"/admin/tasks/job/{oldest.pk}/change/"
    assert tile(found, "Failed").detail == "25.0% in 24 hours"
    assert tile(found, "Queued").url == "/admin/tasks/job/?state__exact=queued"


def test_of_an_empty_service_nothing_waits_and_no_worker_is_there() -> None:
    found = panels.now(at=clock.now())

    assert tile(found, "Waits longest").value == "-"
    assert tile(found, "Workers busy") == Tile("Workers busy", "0 of 0", tone="bad")
    assert "manage.py work" in panels.workers(at=clock.now()).note


def test_workers_are_shown_with_what_they_run() -> None:
    at = clock.now()
    job = a_job_in(
        JobState.INPROGRESS,
        kind="exports.export",
        lease_owner="vm/b/1/77/5",
        started_at=at - timedelta(seconds=30),
        done=3,
        total=10,
    )
    a_job_in(JobState.INPROGRESS, kind="parked")
    for owner, seen_at in (
        ("vm/b/1/7/5", at),
        ("old/b/1/8/5", at - timedelta(minutes=1)),
    ):
        WorkerHost.objects.create(
            owner=owner, workers=4, started_at=at, seen_at=seen_at
        )

    found = panels.workers(at=at)

    assert [one.label for one in found.tiles] == ["vm, pid 7"]
    link = f'<a href="/admin/tasks/job/{job.pk}/change/">exports.export</a>'
    client = f'<a href="/admin/tasks/client/{job.client_id}/change/">alice</a>'
    assert cells(found) == [[link, client, "30 %", "30.0 s", "vm, pid 77"]]


def test_failures_come_newest_first_with_their_reason() -> None:
    at = clock.now()
    a_job_in(JobState.FAILED, finished_at=at - timedelta(hours=5), error_code="late")
    a_job_in(
        JobState.FAILED,
        finished_at=at - timedelta(minutes=3),
        queued_at=at - timedelta(days=9),
        error="<b>No</b> such table.\nTraceback",
    )

    rows = cells(panels.failures(at=at))

    assert [(row[0], row[3]) for row in rows] == [
        ("3 min ago", "<b>No</b> such table."),
        ("5 h ago", "late"),
    ]


def test_the_busiest_clients_come_first() -> None:
    at = clock.now()
    for name, count in (("bob", 1), ("alice", 3)):
        for _ in range(count):
            a_job_in(JobState.SUCCEEDED, client=a_client(name), finished_at=at)
    a_job(client=a_client("bob"))
    long_ago = at - timedelta(days=3)
    a_job_in(JobState.SUCCEEDED, client=a_client("eve"), queued_at=long_ago)

    rows = cells(panels.clients(at=at))

    assert [row[1] for row in rows] == ["3", "2"]
    bob = a_client("bob")
    assert rows[1][2] == f'<a href="/admin/tasks/job/?client__id__exact={bob.pk}">1</a>'


def test_the_store_tells_what_it_holds_and_what_fits(settings: Settings) -> None:
    settings.DISK_RESERVE_MB = 1
    for name in ("a", "b"):  # one file, shown twice
        Artifact.objects.create(
            digest="d" * 64, size_bytes=2_500_000, name=name, media_type="text/csv"
        )

    found = panels.storage(at=clock.now())

    assert tile(found, "Stored").value == "2.5 MB"
    assert tile(found, "Room left").detail == "keeps 1.0 MB free"
    assert "<meter" in str(found.picture)


def test_a_store_that_cannot_be_reached_is_no_error(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    settings.STORE_URL = str(tmp_path / "file")
    stored.store.cache_clear()

    assert panels.storage(at=clock.now()).note == "It cannot be reached."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0 ms"),
        (0.34, "340 ms"),
        (2.5, "2.5 s"),
        (90, "2 min"),
        (7_199, "120 min"),
        (7_200, "2 h"),
        (172_800, "2 days"),
    ],
)
def test_durations_are_read_at_a_glance(seconds: float | None, text: str) -> None:
    assert lasting(seconds) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (2.5e9, "2.5 GB"),
        (5e18, "5000.0 PB"),
    ],
)
def test_sizes_too(size_bytes: float, text: str) -> None:
    assert sized(size_bytes) == text
