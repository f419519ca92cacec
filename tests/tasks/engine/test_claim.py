"""Claims: whose turn it is, and what a claim says of a job."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from tasks import services
from tasks.engine import clock, identity
from tasks.engine.claim import LEASE, anyone_waits, claim
from tasks.engine.moves import EventKind, requeue
from tasks.models import Job, Lane
from tasks.states import JobState
from tests.support.followers import HERE
from tests.support.jobs import a_job, claimed, fresh, lose, make_due, put

pytestmark = pytest.mark.django_db


def test_without_a_job_there_is_nothing_to_claim() -> None:
    assert claim() is None


def test_a_claim_leases_the_job_to_this_process() -> None:
    job = a_job()

    mine = claimed(job)

    assert (mine.state, mine.fence, mine.attempt) == (JobState.INPROGRESS, 1, 1)
    assert mine.lease_owner == identity.owner()
    left = (mine.due_at or clock.now()) - clock.now()
    assert timedelta(0) < left <= LEASE
    assert mine.started_at is not None


def test_a_claim_is_logged_with_its_worker_and_fence() -> None:
    mine = claimed(a_job())

    event = mine.events.get()

    assert event.kind == EventKind.CLAIMED
    assert event.data == {"worker": identity.owner(), "fence": 1}
    assert event.rev == mine.rev


def test_a_leased_job_is_not_claimed_again() -> None:
    claimed(a_job())

    assert claim() is None


def test_jobs_of_a_lane_come_in_order() -> None:
    jobs = [a_job() for _ in range(4)]

    assert [claimed().pk for _ in jobs] == [job.pk for job in jobs]


def test_lanes_take_turns() -> None:
    first = [a_job(lane="first") for _ in range(3)]
    second = [a_job(lane="second") for _ in range(2)]

    order = [claimed().pk for _ in range(5)]

    expected = [first[0], second[0], first[1], second[1], first[2]]
    assert order == [job.pk for job in expected]


def test_the_lane_served_longest_ago_comes_first() -> None:
    jobs = {name: a_job(lane=name) for name in ("a", "b", "c")}
    for age, name in enumerate(("c", "a", "b")):
        served_at = timezone.now() - timedelta(hours=3 - age)
        Lane.objects.filter(pk=name).update(served_at=served_at)

    order = [claimed().pk for _ in jobs]

    assert order == [jobs[name].pk for name in ("c", "a", "b")]


def test_a_job_for_later_is_not_yet_claimed() -> None:
    job = a_job(due_at=timezone.now() + timedelta(minutes=1))

    assert claim() is None
    claimed(make_due(job))


def test_a_parallel_lane_goes_on_past_a_job_that_waits() -> None:
    first, second = a_job(), a_job()
    requeue(claimed(first), wait_s=60, data={"code": "x"})

    claimed(second)


def test_a_lost_job_is_claimed_again_and_counted() -> None:
    job = a_job()
    lose(claimed(job))

    again = claimed(job)

    assert (again.fence, again.attempt) == (2, 2)
    kinds = again.events.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == [EventKind.CLAIMED, EventKind.LEASE_LOST, EventKind.CLAIMED]


def test_a_parked_job_is_claimed_again_and_not_counted() -> None:
    job = claimed(a_job())
    make_due(put(job, lease_owner=""))

    again = claimed(job)

    assert (again.fence, again.attempt) == (2, 1)
    assert not again.events.filter(kind=EventKind.LEASE_LOST).exists()


def test_a_job_that_loses_every_worker_fails() -> None:
    job = a_job(max_attempts=3)
    for _ in range(3):
        lose(claimed(job))

    assert claim() is None

    lost = fresh(job)
    assert (lost.state, lost.error_code) == (JobState.FAILED, "worker_lost")
    assert lost.fence == 3


def test_a_claim_ends_what_must_not_run_and_takes_the_next() -> None:
    at = timezone.now()
    late = a_job(deadline_at=at - timedelta(seconds=1))
    cancelled = lose(put(claimed_alone("two"), cancel_requested_at=at))
    good = a_job(lane="three")

    claimed(good)

    assert (fresh(late).state, fresh(late).error_code) == (JobState.FAILED, "deadline")
    assert fresh(cancelled).state == JobState.CANCELLED


def test_a_queued_job_starts_its_attempts_anew() -> None:
    job = claimed(a_job(attempt=0))
    requeue(put(job, attempt=3), wait_s=0, data={})

    assert claimed(job).attempt == 1


def test_someone_waits_only_in_other_lanes() -> None:
    a_job(lane="here")

    assert anyone_waits()
    assert not anyone_waits(besides="here")


def test_a_follower_that_fails_at_a_claim_stops_nobody_else(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.JOB_FOLLOWERS = {"test.flaky": f"{HERE}.fail_at_start"}
    stuck = a_job("test.flaky", lane="stuck")
    good = a_job(lane="good")

    claimed(good)

    assert fresh(stuck).state == JobState.QUEUED
    assert "job cannot move" in caplog.text
    assert claim() is None, "it is tried again later"


def test_a_lost_job_whose_follower_fails_does_not_stop_its_lane(
    settings: Settings,
) -> None:
    settings.JOB_FOLLOWERS = {"test.flaky": f"{HERE}.fail_at_end"}
    stuck = a_job("test.flaky", max_attempts=1)
    lose(claimed(stuck))
    next_one = a_job()

    claimed(next_one)

    assert fresh(stuck).state == JobState.INPROGRESS


def claimed_alone(lane: str) -> Job:
    job = a_job(lane=lane)
    Lane.objects.filter(pk=lane).update(served_at=timezone.now() - timedelta(days=1))
    return claimed(job)


def test_cancelling_the_head_frees_the_lane() -> None:
    head, second = a_job(serial=True), a_job(serial=True)
    requeue(claimed(head), wait_s=60, data={})
    assert claim() is None

    services.cancel(fresh(head))

    claimed(second)
