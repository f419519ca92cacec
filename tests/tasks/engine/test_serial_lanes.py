"""Serial lanes: never two jobs in progress, and never out of order."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tasks.engine import clock
from tasks.engine.claim import claim
from tasks.engine.moves import move, requeue
from tasks.models import Job
from tasks.states import JobState
from tests.support.jobs import a_job, claimed, lose, make_due, put

pytestmark = pytest.mark.django_db


def test_the_second_job_waits_until_the_first_has_ended() -> None:
    first, second = a_job(serial=True), a_job(serial=True)
    running = claimed(first)
    assert claim() is None

    move(running, JobState.SUCCEEDED)

    claimed(second)


def test_the_database_itself_refuses_a_second_one() -> None:
    claimed(a_job(serial=True))
    second = a_job(serial=True)

    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=second.pk).update(state=JobState.INPROGRESS)


def test_a_job_waiting_for_its_retry_blocks_its_lane() -> None:
    first, second = a_job(serial=True), a_job(serial=True)
    requeue(claimed(first), wait_s=60, data={})
    assert claim() is None

    make_due(first)

    claimed(first)
    assert claim() is None
    assert second.state == JobState.QUEUED


def test_a_blocked_lane_blocks_no_other() -> None:
    claimed(a_job(serial=True, lane="one"))
    a_job(serial=True, lane="one")
    other = a_job(serial=True, lane="two")

    claimed(other)


def test_a_lost_job_comes_before_the_next() -> None:
    first = a_job(serial=True)
    a_job(serial=True)
    lose(claimed(first))

    claimed(first)


def test_a_begun_job_comes_before_an_older_one_that_was_saved_later() -> None:
    begun = a_job(serial=True)
    make_due(put(claimed(begun), lease_owner=""))
    older = a_job(serial=True)
    put(older, queued_at=clock.now() - timedelta(minutes=1))

    claimed(begun)
    assert claim() is None


def test_two_states_that_are_not_progress_may_share_the_lane() -> None:
    jobs = [a_job(serial=True) for _ in range(3)]
    for state in (JobState.SUCCEEDED, JobState.FAILED):
        put(jobs.pop(), state=state, due_at=None)

    claimed(jobs[0])
