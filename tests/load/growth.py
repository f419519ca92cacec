"""What single acts cost with a thousand to a million jobs and datasets kept."""

import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from django.db import connection
from django.test import override_settings
from django.utils import timezone

from registry import callbacks, listing, schedules, told
from registry import services as registry
from registry.dialects.specstore import wire
from registry.models import Dataset, Revision
from tasks import lookup, services
from tasks.collecting import sweep as collecting
from tasks.engine import sweep
from tasks.engine.claim import claim
from tasks.models import Job
from tests.bench.table import Row
from tests.load.filling import copy_rows
from tests.support.backends import bound_to, own_database
from tests.support.jobs import a_client, a_job
from tests.support.specstore import spec_of, table

SIZES = (1_000, 10_000, 100_000, 1_000_000)
REPEATS = 30
# A cost that grows has grown by more than noise does, in so many times the rows.
MOST_GROWTH = 2.0
QUEUED = 50  # due, beside those that have ended


def rows(backend: str, sizes: tuple[int, ...] = SIZES) -> Iterator[Row]:
    with (
        tempfile.TemporaryDirectory(prefix="growth-") as name,
        own_database(backend, Path(name)) as url,
        bound_to(url),
        override_settings(STORE_URL=f"{name}/store", PIPELINE_RUNNER="internal"),
    ):
        first, last = _seed(), sizes[-1]
        for number in range(QUEUED):
            a_job(lane=f"growth-{number % 5}")
        found: dict[str, list[float]] = {}
        for size in sizes:
            _fill(size, *first)
            for what, act in _acts(*first).items():
                found.setdefault(what, []).append(_cost_ms(act))
        for what, costs in found.items():
            told_all = " ".join(f"{ms:.2f}" for ms in costs[:-1])
            told_as = f"{backend}: {what} with {last:,} kept (before: {told_all} ms)"
            yield Row.of(told_as, costs[-1], "ms")
            grown = max(1.0, costs[-1]) / max(1.0, costs[0])
            yield Row.ratio("its growth", grown, most=MOST_GROWTH)


def _seed() -> tuple[Job, Revision]:
    """Make one of each row that will be copied."""
    job = a_job(state="succeeded", due_at=None, finished_at=timezone.now())
    source = table("t", "http://example.com/t.csv", "n")
    revision = registry.upload(
        contents=spec_of(source, owner="owner-0"),
        max_datasets=None,
        at=timezone.now(),
    )
    Revision.objects.update(state="succeeded", finished_at=timezone.now())
    Dataset.objects.update(listed=True)
    Job.objects.filter(kind="registry.pipeline").delete()
    revision.refresh_from_db()
    return job, revision


def _fill(size: int, job: Job, revision: Revision) -> None:
    """Bring the ended jobs, datasets and revisions up to that many."""
    copy_rows(Job, job.pk, up_to=size)
    copy_rows(Dataset, revision.dataset.pk, up_to=size)
    copy_rows(Revision, revision.pk, up_to=size)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _acts(job: Job, revision: Revision) -> dict[str, Callable[[], object]]:
    client, at = a_client(), timezone.now()
    dataset = revision.dataset
    everything = lookup.Wanted()
    return {
        "submit a job": lambda: a_job(lane="growth"),
        "claim a job": _claim,
        "list jobs": lambda: lookup.list_jobs(
            client=client, wanted=everything, after=None, limit=50
        ),
        "poll a job": lambda: lookup.find_job(client=client, job_id=str(job.pk)),
        "sweep: due jobs": lambda: sweep.ring_for_due(at=at, most=10),
        "sweep: late jobs": lambda: sweep.fail_late(at=at),
        "sweep: schedules": lambda: schedules.fire_due(at=at),
        "sweep: silent runners": lambda: callbacks.time_out_silent(at=at),
        "sweep: idle tasks": lambda: collecting.start_idle(at=at),
        "back-pressure: depth": lambda: services._Depth().read(),
        "GET /source/…/latest": lambda: wire.info(
            told.tell(owner=dataset.owner, dataset=dataset.name, word="latest")
        ),
        "list datasets": lambda: listing.list_datasets(
            owner="owner-0", words="", is_owner=False, after=None, limit=50
        ),
    }


def _claim() -> None:
    found = claim()
    assert found
    Job.objects.filter(pk=found.pk).update(
        state="queued", due_at=timezone.now() - timedelta(seconds=1), lease_owner=""
    )


def _cost_ms(act: Callable[[], object]) -> float:
    """Return the median of some times, after one that warms."""
    act()
    times = []
    for _ in range(REPEATS):
        began = perf_counter()
        act()
        times.append(1000 * (perf_counter() - began))
    return median(times)
