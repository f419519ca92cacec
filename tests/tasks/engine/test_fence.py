"""A worker whose lease is lost changes nothing, whatever it does next."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.engine.run import Run
from tasks.models import Job
from tasks.states import JobState
from tests.support.effects import effects, once_each
from tests.support.jobs import FOREVER, a_job, claimed, fresh, lose, run_slice

pytestmark = pytest.mark.django_db
NOW = 0.0


def cancel(run: Run) -> None:
    run.lease.cancelled = True
    run.stop()


def go_on(run: Run) -> None:
    assert run.advance(until=FOREVER) is True


ACTS: dict[str, Callable[[Run], object]] = {
    "its next steps and success": go_on,
    "giving the job back": Run.park,
    "its cancel": cancel,
    "its end": Run.end,
}


@pytest.fixture
def old() -> Run:
    """A run with one step done, whose job another worker has claimed since."""
    run = Run(claimed(a_job(params={"steps": 4})))
    run.advance(until=NOW)
    lose(run.job)
    return run


@pytest.mark.parametrize("act", ACTS)
def test_nothing_of_an_old_worker_counts(old: Run, act: str) -> None:
    new = claimed(fresh(old.job))

    ACTS[act](old)

    assert row(new) == row(fresh(new))
    assert effects(new) == {"step-0": 1}


def test_an_old_workers_failure_does_not_count() -> None:
    old = Run(claimed(a_job("test.flaky", params={"failures": 9, "temporary": False})))
    old.advance(until=NOW)
    lose(old.job)
    new = claimed(fresh(old.job))

    old.advance(until=FOREVER)

    assert row(new) == row(fresh(new))


def test_the_new_worker_does_the_rest_once(old: Run) -> None:
    job = run_slice()

    go_on(old)
    old.end()

    assert job.state == JobState.SUCCEEDED
    assert effects(job) == once_each(4)
    assert row(job) == row(fresh(job))


def test_each_claim_has_a_folder_of_its_own(engine: Path) -> None:
    old = Run(claimed(a_job("test.whole", params={"steps": 2})))
    old.advance(until=NOW)
    lose(old.job)
    new = Run(claimed())
    new.advance(until=NOW)

    old.end()

    assert [path.name for path in engine.rglob("draft-*")] == ["draft-1"]
    new.advance(until=FOREVER)
    new.end()
    assert list(engine.iterdir()) == []


def test_a_lease_that_ran_out_unclaimed_is_not_a_cancel() -> None:
    run = Run(claimed(a_job(params={"steps": 2})))
    run.advance(until=NOW)
    run.lease.lost = True

    run.advance(until=FOREVER)
    run.end()

    assert fresh(run.job).state == JobState.INPROGRESS
    lose(run.job)
    assert effects(run_slice()) == once_each(2)


def test_a_deadline_that_strikes_in_the_middle_ends_the_run() -> None:
    run = Run(claimed(a_job(params={"steps": 2})))
    run.advance(until=NOW)
    Job.objects.filter(pk=run.job.pk).update(state=JobState.FAILED, due_at=None)

    go_on(run)

    assert fresh(run.job).state == JobState.FAILED
    assert effects(run.job) == {"step-0": 1}


def test_a_job_deleted_in_the_middle_ends_the_run() -> None:
    run = Run(claimed(a_job(params={"steps": 2})))
    Job.objects.filter(pk=run.job.pk).delete()

    go_on(run)
    run.end()

    assert not Job.objects.exists()


def row(job: Job) -> dict[str, object]:
    fields = [field.attname for field in Job._meta.concrete_fields]
    return {name: getattr(job, name) for name in fields}
