"""Cancelling a job, and queueing one that has ended once more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tasks import services
from tasks.engine import clock
from tasks.engine.claim import claim
from tasks.engine.moves import EventKind, requeue
from tasks.errors import JobMoved
from tasks.models import JobEvent
from tasks.states import FINAL, JobState
from tests.support.jobs import a_job, a_job_in, claimed, fresh, lose, put

pytestmark = pytest.mark.django_db


def test_a_queued_job_is_cancelled_at_once() -> None:
    job = services.cancel(a_job())

    assert (job.state, job.due_at) == (JobState.CANCELLED, None)
    assert job.cancel_requested_at is not None
    assert claim() is None


def test_a_parked_job_is_cancelled_at_once() -> None:
    job = put(claimed(a_job()), lease_owner="")

    assert services.cancel(job).state == JobState.CANCELLED


def test_a_running_job_is_asked_to_stop() -> None:
    job = services.cancel(claimed(a_job()))

    assert job.state == JobState.INPROGRESS
    assert job.cancel_requested_at is not None
    assert job.events.filter(kind=EventKind.CANCEL).count() == 1


def test_a_job_whose_lease_has_run_out_is_cancelled_at_once() -> None:
    job = lose(claimed(a_job()))

    assert services.cancel(job).state == JobState.CANCELLED


def test_a_job_parked_since_it_was_read_is_cancelled_at_once() -> None:
    seen = claimed(a_job())
    put(fresh(seen), lease_owner="")

    assert services.cancel(seen).state == JobState.CANCELLED


def test_a_job_claimed_since_it_was_read_is_asked_to_stop() -> None:
    seen = a_job()
    claimed(seen)

    job = services.cancel(seen)

    assert job.state == JobState.INPROGRESS
    assert job.cancel_requested_at is not None


def test_a_running_job_is_asked_once_however_often_it_is_cancelled() -> None:
    job = services.cancel(claimed(a_job()))
    asked_at = job.cancel_requested_at

    again = services.cancel(fresh(job))

    assert again.cancel_requested_at == asked_at
    assert job.events.filter(kind=EventKind.CANCEL).count() == 1


def test_a_job_asked_to_stop_whose_worker_is_lost_is_cancelled_by_the_next() -> None:
    job = lose(services.cancel(claimed(a_job())))

    assert claim() is None

    assert fresh(job).state == JobState.CANCELLED


@pytest.mark.parametrize("state", FINAL)
def test_a_final_job_cannot_be_cancelled(state: JobState) -> None:
    job = a_job_in(state)

    with pytest.raises(JobMoved):
        services.cancel(job)

    assert fresh(job).state == state
    assert not JobEvent.objects.exists()


def test_a_job_that_ended_since_it_was_read_cannot_be_cancelled() -> None:
    seen = a_job()
    put(fresh(seen), state=JobState.SUCCEEDED, due_at=None)

    with pytest.raises(JobMoved):
        services.cancel(seen)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_a_job_that_ended_badly_is_queued_anew_from_its_cursor(
    state: JobState,
) -> None:
    at = timezone.now()
    job = a_job_in(
        state,
        cursor=7,
        done=7,
        attempt=3,
        retries=4,
        error="No.",
        error_code="no",
        started_at=at,
        finished_at=at,
        cancel_requested_at=at,
        deadline_at=at - timedelta(days=1),
    )

    services.retry(job)

    again = claimed(job)
    assert (again.cursor, again.done, again.attempt, again.retries) == (7, 7, 1, 0)
    assert (again.error, again.error_code) == ("", "")
    assert (again.finished_at, again.deadline_at) == (None, None)
    assert again.cancel_requested_at is None
    assert again.started_at is not None
    assert again.started_at > at


@pytest.mark.parametrize(
    "state", [JobState.QUEUED, JobState.INPROGRESS, JobState.SUCCEEDED]
)
def test_no_other_job_can_be_retried(state: JobState) -> None:
    job = a_job_in(state)

    with pytest.raises(JobMoved):
        services.retry(job)

    assert (fresh(job).state, fresh(job).rev) == (state, job.rev)


def test_a_retried_job_waits_behind_the_others_of_its_lane() -> None:
    first, second = a_job(), a_job()
    services.retry(services.cancel(first))

    claimed(second)
    claimed(first)


def test_a_retried_job_is_due_now() -> None:
    job = services.retry(a_job_in(JobState.FAILED))

    assert job.due_at is not None
    assert job.due_at <= clock.now()


def test_a_job_that_waits_for_its_next_try_may_be_hurried() -> None:
    job = requeue(claimed(a_job()), wait_s=600, data={})
    assert claim() is None

    services.hurry(job)

    claimed(job)


@pytest.mark.parametrize("state", [JobState.INPROGRESS, *FINAL])
def test_a_job_that_does_not_wait_cannot_be_hurried(state: JobState) -> None:
    job = a_job_in(state)

    with pytest.raises(JobMoved):
        services.hurry(job)

    assert fresh(job).rev == job.rev
