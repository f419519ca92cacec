"""Fetching that is interrupted goes on, and leaves nothing behind at its end."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from exports.sources import segments as kept_segments
from tasks import prune, services
from tasks.engine import clock
from tasks.engine.run import Run, Step
from tasks.models import Job, Segment
from tests.support.jobs import a_job, claimed, fresh, lose, make_due, run_slice
from tests.support.pages import (
    KIND,
    Paged,
    a_table,
    cursor_of,
    fetch_all,
    fetched,
    ids_of,
)
from tests.support.sources import Sources
from tests.tasks.outbound.servers import ok

pytestmark = pytest.mark.django_db
Files = Callable[[], list[Path]]
Committing = Callable[..., AbstractContextManager[object]]

GONE = ok(b"", status="404 Not Found")
UNWELL = ok(b"", "Retry-After: 60", status="503 Service Unavailable")


@pytest.fixture
def every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit each page by itself."""
    monkeypatch.setattr(kept_segments, "ENOUGH_BYTES", 1)


@pytest.fixture
def committing(django_capture_on_commit_callbacks: Committing) -> Committing:
    """Return what does what waits for a commit, which the test itself never makes."""
    return django_capture_on_commit_callbacks


@pytest.fixture
def table(sources: Sources) -> Paged:
    return Paged(a_table(50))


@pytest.fixture
def job(table: Paged, sources: Sources) -> Job:
    return a_job(KIND, params={"url": table.serve(sources), "concurrency": 1})


def run_steps(run: Run, most: int) -> None:
    """Run so many steps as the worker does, and then nothing more, as if killed."""
    steps = fetch_all(run)
    for _ in range(most):
        run._commit(next(steps))
    steps.close()


def committed(job: Job) -> int:
    return Segment.objects.filter(job=job).count()


@pytest.mark.usefixtures("every_page")
@pytest.mark.parametrize("pages", range(1, 6))
def test_a_lost_worker_s_pages_are_not_asked_for_again(
    pages: int, job: Job, table: Paged
) -> None:
    run = Run(claimed(job))
    steps = fetch_all(run)
    while committed(job) < pages:
        run._commit(next(steps))
    steps.close()
    run.end()
    before = len(table.queries)

    ended = run_slice(lose(job))

    assert ids_of(ended) == list(range(50))
    assert fetched(ended)["pages"] == [1, 2, 3, 4, 5]
    assert table.queries[before]["page"] == str(pages + 1)


def test_pages_that_were_not_committed_are_asked_for_again(
    job: Job, table: Paged, store_files: Files
) -> None:
    run = Run(claimed(job))
    run_steps(run, 3)
    run.end()
    assert committed(job) == 0
    assert store_files() == []

    ended = run_slice(lose(job))

    assert ids_of(ended) == list(range(50))
    assert sum(query["page"] == "1" for query in table.queries) == 2


@pytest.mark.usefixtures("every_page")
def test_a_segment_that_another_claim_s_worker_offers_is_refused_and_deleted(
    job: Job, store_files: Files
) -> None:
    late = Run(claimed(job))
    steps = fetch_all(late)
    step: Step = next(steps)
    while step.apply is None:
        step = next(steps)
    lose(job)
    other = Run(claimed(job))

    with pytest.raises(Exception, match="no longer"):
        late._commit(step)
    steps.close()

    assert committed(job) == 0
    assert store_files() == []
    late.end()
    other.end()


@pytest.mark.usefixtures("every_page")
def test_the_cursor_and_its_segment_are_saved_together(
    job: Job,
) -> None:
    run = Run(claimed(job))
    steps = fetch_all(run)

    for step in _until_first_commit(steps):
        run._commit(step)

    assert committed(job) == 1
    saved = cursor_of(job)
    assert (saved["segments"], saved["place"]["page"], saved["place"]["rows"]) == (
        1,
        2,
        10,
    )
    steps.close()
    run.end()


def _until_first_commit(steps: Iterator[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        if step.apply:
            return


def test_what_came_before_a_fault_that_passes_is_kept(job: Job, table: Paged) -> None:
    table.before = lambda query: UNWELL if query["page"] == "4" else None

    waiting = run_slice(job)

    assert waiting.state == "queued"
    assert cursor_of(waiting)["place"]["page"] == 4
    table.before = lambda _: None
    assert ids_of(run_slice(make_due(job))) == list(range(50))
    assert [query["page"] for query in table.queries].count("3") == 1


@pytest.mark.usefixtures("every_page")
def test_no_file_is_left_when_the_job_succeeds(
    job: Job, store_files: Files, committing: Committing
) -> None:
    with committing(execute=True):
        ended = run_slice(job)

    assert ended.state == "succeeded"
    assert committed(job) == 0
    assert store_files() == []


@pytest.mark.usefixtures("every_page")
def test_no_file_is_left_when_the_job_fails(
    job: Job, table: Paged, store_files: Files, committing: Committing
) -> None:
    table.before = lambda query: GONE if query["page"] == "4" else None

    with committing(execute=True):
        ended = run_slice(job)

    assert ended.state == "failed"
    assert committed(job) == 0
    assert store_files() == []


@pytest.mark.usefixtures("every_page")
def test_no_file_is_left_when_a_waiting_job_is_cancelled(
    job: Job, table: Paged, store_files: Files, committing: Committing
) -> None:
    table.before = lambda query: UNWELL if query["page"] == "4" else None
    waiting = run_slice(job)
    assert len(store_files()) == 3

    with committing(execute=True):
        services.cancel(waiting)

    assert fresh(job).state == "cancelled"
    assert store_files() == []


@pytest.mark.usefixtures("every_page")
def test_a_failed_job_that_is_retried_begins_anew(
    job: Job, table: Paged, committing: Committing
) -> None:
    table.before = lambda query: GONE if query["page"] == "4" else None
    with committing(execute=True):
        failed = run_slice(job)
    table.before = lambda _: None

    services.retry(failed)
    ended = run_slice(job)

    assert ids_of(ended) == list(range(50))
    notes = ended.events.filter(kind="note").values_list("data__text", flat=True)
    assert "begins anew: the pages fetched before are gone" in notes


@pytest.mark.usefixtures("every_page")
def test_a_prune_spares_the_segments_of_open_jobs_only(
    job: Job, table: Paged, store_files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.before = lambda query: UNWELL if query["page"] == "4" else None
    waiting = run_slice(job)
    monkeypatch.setattr(prune, "YOUNG_S", -1.0)

    prune.prune(before=clock.now())
    assert len(store_files()) == 3

    # As if nobody had followed the job to its end.
    Job.objects.filter(pk=waiting.pk).update(
        state="failed", due_at=None, finished_at=clock.now()
    )
    prune.prune(before=clock.now().replace(year=2000))
    assert store_files() == []
    assert committed(job) == 0


@pytest.mark.usefixtures("every_page")
def test_equal_pages_of_two_jobs_are_files_of_their_own(
    sources: Sources, store_files: Files, committing: Committing
) -> None:
    url = Paged(
        a_table(30), before=lambda query: UNWELL if query["page"] == "3" else None
    ).serve(sources)
    first, second = (a_job(KIND, params={"url": url}) for _ in range(2))
    run_slice(first)
    run_slice(second)
    assert len(store_files()) == 4

    with committing(execute=True):
        services.cancel(fresh(first))

    digests = set(Segment.objects.values_list("digest", flat=True))
    assert {path.name for path in store_files()} == digests
    assert committed(second) == 2
