"""The lease: renewed while work goes on, and given up when it must be."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from tasks.engine import clock
from tasks.engine.lease import RENEW_S, Heart, Lease
from tasks.engine.run import Run
from tasks.models import Job
from tests.support.jobs import a_job, claimed, fresh, lose, put

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run() -> Run:
    return Run(claimed(a_job()))


def age(lease: Lease, seconds: float) -> None:
    lease.renewed -= seconds


def left_s(job: Job) -> float:
    due_at = fresh(job).due_at
    assert due_at
    return (due_at - clock.now()).total_seconds()


def test_a_lease_is_renewed_when_it_is_time_to(run: Run) -> None:
    put(run.job, due_at=clock.now() + timedelta(seconds=1))
    run.lease.look()
    assert left_s(run.job) < 2, "not before it is time"

    age(run.lease, RENEW_S)
    run.lease.look()

    assert left_s(run.job) > 8


def test_a_lease_hears_a_cancel(run: Run) -> None:
    put(run.job, cancel_requested_at=timezone.now())

    run.lease.look()

    assert (run.lease.cancelled, run.lease.lost) == (True, False)


def test_a_lease_notices_that_another_worker_has_the_job(run: Run) -> None:
    lose(run.job)
    claimed()

    run.lease.look()

    assert run.lease.lost


def test_a_lost_lease_is_never_renewed(run: Run) -> None:
    run.lease.lost = True
    lose(run.job)

    age(run.lease, RENEW_S)
    run.lease.look()

    assert left_s(run.job) < 0


def test_a_step_past_its_limit_is_not_renewed(run: Run) -> None:
    run.lease.step_began = run.lease.renewed - run.lease.step_limit_s - 1
    lose(run.job)

    age(run.lease, RENEW_S)
    run.lease.look()

    assert left_s(run.job) < 0
    assert run.lease.overdue_s > 0


def test_a_suspended_step_is_never_overdue(run: Run) -> None:
    assert run.lease.step_began is None
    assert run.lease.overdue_s < 0


def test_a_parked_job_is_not_leased_again(run: Run) -> None:
    run.park()

    age(run.lease, RENEW_S)
    run.lease.look()

    assert left_s(run.job) <= 0
    assert run.lease.lost


def test_a_lease_that_cannot_be_renewed_is_lost_when_it_has_run_out(
    run: Run, heart: Heart
) -> None:
    def down(*_: object) -> None:
        raise OperationalError("gone")

    with connection.execute_wrapper(down):
        heart._look(run.lease)
        assert not run.lease.lost
        age(run.lease, 11)
        heart._look(run.lease)

    assert run.lease.lost


def test_a_cancelled_step_is_stopped_once(run: Run, heart: Heart) -> None:
    stopped: list[bool] = []
    run.on_stop(lambda: stopped.append(True))
    run.lease.cancelled = True

    heart._look(run.lease)
    heart._look(run.lease)

    assert stopped == [True]


def test_the_work_of_an_ended_run_is_not_stopped(run: Run, heart: Heart) -> None:
    stopped: list[bool] = []
    run.on_stop(lambda: stopped.append(True))
    run.end()
    run.lease.cancelled = True

    heart._look(run.lease)

    assert stopped == []


def test_a_stop_that_fails_does_not_stop_the_heart(
    run: Run, heart: Heart, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise OSError("already closed")

    run.on_stop(fail)
    run.lease.cancelled = True

    heart._look(run.lease)

    assert "could not stop a step" in caplog.text
