"""What an error means for its job, and when it is tried again."""

import errno
from datetime import timedelta

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError
from pytest_django import Settings

from tasks.engine import clock, retry
from tasks.engine.moves import EventKind
from tasks.engine.retry import Verdict, judge
from tasks.errors import FollowerFailed, JobMoved, WorkFailed
from tasks.states import JobState
from tests.support.jobs import NO_JOB, a_job, make_due, run_slice

TRIES = 200


def follower_failed(cause: Exception) -> FollowerFailed:
    error = FollowerFailed(NO_JOB)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code", "temporary", "ours"),
    [
        (WorkFailed("http_404", "Gone."), "http_404", False, False),
        (WorkFailed("http_503", "Busy.", temporary=True), "http_503", True, False),
        (WorkFailed("x" * 80, "Long."), "x" * 50, False, False),
        (OperationalError("locked"), "database", True, False),
        (InterfaceError("closed"), "database", True, False),
        (IntegrityError("twice"), "internal_error", False, True),
        (OSError(errno.ENOSPC, "full"), "disk_full", False, False),
        (OSError(errno.EIO, "broken"), "internal_error", False, True),
        (MemoryError(), "out_of_memory", False, False),
        (JobMoved("gone"), "moved", True, False),
        (KeyError("secret"), "internal_error", False, True),
        (follower_failed(OperationalError("deadlock")), "database", True, False),
        (follower_failed(follower_failed(JobMoved("x"))), "moved", True, False),
        (FollowerFailed(NO_JOB), "internal_error", False, True),
    ],
)
def test_an_error_is_judged_by_its_class(
    error: Exception, code: str, temporary: bool, ours: bool
) -> None:
    verdict = judge(error)

    assert (verdict.code, verdict.temporary, verdict.ours) == (code, temporary, ours)


def test_a_clients_error_keeps_its_words_and_its_wait() -> None:
    error = WorkFailed("http_429", "Later.", temporary=True, retry_after_s=7)

    assert judge(error) == Verdict("http_429", "Later.", True, 7)


def test_the_words_of_our_own_fault_stay_inside() -> None:
    assert "secret" not in judge(KeyError("secret")).message


@pytest.mark.parametrize(
    ("retries", "longest_s"),
    [(0, 1), (1, 2), (2, 4), (3, 8), (5, 32), (6, 60), (30, 60)],
)
def test_the_wait_is_exponential_with_full_jitter(
    retries: int, longest_s: float
) -> None:
    waits = [retry.wait_s(retries) for _ in range(TRIES)]

    assert 0 <= min(waits) < longest_s / 4
    assert longest_s * 3 / 4 < max(waits) <= longest_s


def test_after_very_many_tries_the_wait_still_has_its_limit() -> None:
    assert 0 <= retry.wait_s(30_000, longest_s=3 * 3600) <= 3 * 3600


@pytest.mark.parametrize(
    ("asked_s", "least_s", "most_s"),
    [(None, 0, 1), (0, 0, 1), (-5, 0, 1), (20, 20, 20), (1e9, 3600, 3600)],
)
def test_the_wait_is_never_shorter_than_asked_for(
    asked_s: float | None, least_s: float, most_s: float
) -> None:
    assert least_s <= retry.wait_s(0, asked_s) <= most_s


@pytest.mark.django_db
def test_a_temporary_error_queues_the_job_again() -> None:
    job = run_slice(a_job("test.flaky", params={"failures": 1, "retry_after_s": 30}))

    assert (job.state, job.retries, job.lease_owner) == (JobState.QUEUED, 1, "")
    wait = (job.due_at or clock.now()) - clock.now()
    assert timedelta(seconds=28) < wait <= timedelta(seconds=30)
    event = job.events.get(kind=EventKind.RETRY)
    assert event.data == {"code": "unlucky", "message": "Not this time.", "wait_s": 30}


@pytest.mark.django_db
def test_a_kind_of_job_may_have_a_limit_of_its_own(settings: Settings) -> None:
    settings.JOB_LONGEST_WAITS = {"test.flaky": 0.0}

    job = run_slice(a_job("test.flaky", params={"failures": 9}, retries=3))

    assert job.events.get(kind=EventKind.RETRY).data["wait_s"] == 0


@pytest.mark.django_db
def test_a_retried_job_may_succeed() -> None:
    job = run_slice(a_job("test.flaky", params={"failures": 1}))

    job = run_slice(make_due(job))

    assert (job.state, job.retries) == (JobState.SUCCEEDED, 1)


@pytest.mark.django_db
def test_a_job_is_tried_again_so_often_and_no_more() -> None:
    job = a_job("test.flaky", params={"failures": 99}, max_retries=2)

    for _ in range(3):
        job = run_slice(make_due(job))

    assert (job.state, job.retries) == (JobState.FAILED, 2)
    assert (job.error_code, job.error) == ("unlucky", "Not this time.")


@pytest.mark.django_db
def test_a_permanent_error_is_not_tried_again() -> None:
    job = run_slice(a_job("test.flaky", params={"failures": 1, "temporary": False}))

    assert (job.state, job.retries) == (JobState.FAILED, 0)
    event = job.events.get(kind=EventKind.ERROR)
    assert event.data == {"code": "unlucky", "message": "Not this time."}
