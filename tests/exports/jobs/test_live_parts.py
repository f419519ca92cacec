"""Real workers that share an export, killed on the way."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from exports import services as exports
from exports.models import ExportPart, ExportTask
from exports.request import Configuration, Input
from tasks import prune, services
from tasks.archive import stored
from tasks.engine import clock, identity, sweep
from tasks.models import Job, Segment
from tasks.states import JobState
from tests.support.backends import BACKENDS
from tests.support.crash import DONE
from tests.support.live import Live
from tests.support.pages import Paged, a_table, slowly
from tests.support.polling import until
from tests.support.sources import Sources, csv_of

pytestmark = pytest.mark.live

PAGES = 60
CSV = csv_of([("id", "name"), *((n, f"row {n}") for n in range(10 * PAGES))])


@pytest.fixture
def live(live: Live, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Live:
    """A service that knows exports; this process prunes its store, of all ages."""
    settings.STORE_URL = str(live.folder / "store")
    stored.store.cache_clear()
    monkeypatch.setattr(prune, "YOUNG_S", -1.0)
    monkeypatch.setattr(sweep, "LEFTOVER_AGE_S", -1.0)
    live.environment |= {
        "LIVE_KINDS": "",
        "OUTBOUND_ALLOW_NETS": "127.0.0.0/8",
        "OUTBOUND_PORTS": "any",
    }
    return live


def an_export(live: Live, url: str, **wanted: Any) -> ExportTask:
    whole = {"file_type": "csv", "source_url": url, "paging": {"size": 10}, **wanted}
    exports.save_inputs(client=live.client, inputs=[Input(name="unused")])
    exports.configure(client=live.client, configuration=Configuration(**whole))
    return exports.start(client=live.client)


def file_of(task: ExportTask) -> bytes:
    task.refresh_from_db()
    assert task.artifact is not None
    with stored.store().open(task.artifact.digest) as file:
        return file.read()


def part_jobs(state: JobState) -> list[Job]:
    return list(Job.objects.filter(kind="exports.part", state=state))


def a_part_is_fetched(*, done: int, kill: bool = False) -> None:
    """Wait until a worker has so many pages of a part; kill it if asked to."""

    def look() -> bool:
        for job in part_jobs(JobState.INPROGRESS):
            if job.done >= done and (pid := living(job.lease_owner)):
                if kill:
                    os.kill(pid, signal.SIGKILL)
                return True
        return False

    until(look, within_s=20, what="a part is being fetched")


def living(owner: str) -> int:
    """Return the pid in a lease if that process still is; else 0."""
    if not owner or identity.is_dead(owner):
        return 0
    return int(owner.split("/")[-2])


def held(job: Job) -> bool:
    job.refresh_from_db()
    return bool(job.lease_owner) or job.state in {"succeeded", "failed"}


def left_over(live: Live) -> int:
    return sum(path.is_file() for path in (live.folder / "store").rglob("*"))


@pytest.mark.parametrize(
    "backend",
    [BACKENDS[0], *(pytest.param(b, marks=pytest.mark.faults) for b in BACKENDS[1:])],
    indirect=True,
)
def test_every_row_comes_once_and_in_order_whoever_is_killed(
    live: Live, sources: Sources
) -> None:
    work = live.start(workers=2)
    task = an_export(
        live, slowly(Paged(a_table(10 * PAGES)), sources), page_limit=99, workers=4
    )

    until(lambda: held(task.job), within_s=10, what="the export is begun")
    work.worker_of(task.job).kill()
    for done in (2, 5, 2):
        a_part_is_fetched(done=done, kill=True)
    live.succeeded(task.job, within_s=40)

    assert file_of(task) == CSV
    assert not ExportPart.objects.exists()
    assert not Segment.objects.exists()
    prune.prune(before=clock.now())
    assert left_over(live) == 1


def test_a_cancel_ends_all_who_share_the_work(live: Live, sources: Sources) -> None:
    live.start(workers=2)
    url = slowly(Paged(a_table(10 * PAGES)), sources)
    task = an_export(live, url, page_limit=99, workers=4)
    a_part_is_fetched(done=2)

    services.cancel(task.job)

    until(
        lambda: not Job.objects.open().exists(), within_s=3, what="nobody works for it"
    )
    until(lambda: left_over(live) == 0, within_s=3, what="nothing is left")
    task.job.refresh_from_db()
    assert task.job.state == "cancelled"
    # The part that was waited for may have come to its end meanwhile.
    parts = Job.objects.exclude(pk=task.job.pk).values_list("state", flat=True)
    assert set(parts) - {"succeeded"} == {"cancelled"}


@pytest.mark.faults
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_killed_beside_any_commit_loses_and_doubles_no_row(
    when: str, live: Live, sources: Sources, tmp_path: Path
) -> None:
    plan = tmp_path / "plan"
    live.environment["CRASH_PLAN"] = str(plan)
    url = Paged(a_table(40)).serve(sources)
    live.start(workers=1)
    reached = []

    for at in range(1, 21):
        plan.write_text(f"{at} {when}")
        task = an_export(live, url, page_limit=8, workers=2)
        live.succeeded(task.job, within_s=30)
        assert file_of(task) == csv_of(
            [("id", "name"), *((n, f"row {n}") for n in range(40))]
        ), f"{when} {at}"
        assert not Segment.objects.exists()
        reached.append(plan.read_text() == DONE)

    assert reached[:12] == [True] * 12
