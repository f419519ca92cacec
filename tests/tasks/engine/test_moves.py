"""Every move of a job, and everyone that is refused."""

from itertools import product

import pytest
from pytest_django import Settings

from tasks.engine.moves import EventKind, change, fail, move, requeue
from tasks.errors import FollowerFailed, JobMoved
from tasks.models import Job
from tasks.states import FINAL, MOVES, OPEN, JobState
from tests.support.followers import HERE
from tests.support.jobs import a_job, a_job_in, claimed, fresh

pytestmark = pytest.mark.django_db

PAIRS = list(product(JobState, JobState))
ALLOWED = [(seen, to) for seen, to in PAIRS if to in MOVES[seen]]
FORBIDDEN = [pair for pair in PAIRS if pair not in ALLOWED]


@pytest.mark.parametrize(("seen", "to"), ALLOWED)
def test_an_allowed_move_is_made_and_logged(seen: JobState, to: JobState) -> None:
    job = a_job_in(seen)
    rev = job.rev

    move(job, to, due_at=job.queued_at if to in OPEN else None)

    saved = fresh(job)
    assert (saved.state, saved.rev) == (to, rev + 1)
    event = saved.events.get()
    assert (event.rev, event.kind) == (rev + 1, EventKind.MOVED)
    assert event.data == {"from": seen, "to": to}


@pytest.mark.parametrize(("seen", "to"), FORBIDDEN)
def test_a_forbidden_move_changes_nothing(seen: JobState, to: JobState) -> None:
    job = a_job_in(seen)

    with pytest.raises(JobMoved, match="cannot go from"):
        move(job, to)

    assert (fresh(job).state, fresh(job).rev) == (seen, job.rev)
    assert not job.events.exists()


def test_what_succeeded_stays_so() -> None:
    assert MOVES[JobState.SUCCEEDED] == frozenset()


@pytest.mark.parametrize("to", FINAL)
def test_a_final_job_is_due_no_more(to: JobState) -> None:
    job = a_job(params={"steps": 1})
    mine = claimed(job)

    move(mine, to)

    saved = fresh(job)
    assert (saved.due_at, saved.lease_owner) == (None, "")
    assert saved.finished_at is not None


def test_of_two_who_saw_the_same_only_one_moves_the_job() -> None:
    job = a_job()
    other = fresh(job)
    move(job, JobState.CANCELLED)

    with pytest.raises(JobMoved, match="no longer queued"):
        move(other, JobState.FAILED)

    assert fresh(job).state == JobState.CANCELLED


def test_who_saw_an_older_fence_moves_nothing() -> None:
    job = claimed(a_job())
    Job.objects.filter(pk=job.pk).update(fence=job.fence + 1)

    with pytest.raises(JobMoved, match="under fence 1"):
        move(job, JobState.SUCCEEDED)
    with pytest.raises(JobMoved):
        fail(job, code="x", message="x")
    with pytest.raises(JobMoved):
        requeue(job, wait_s=0, data={})
    with pytest.raises(JobMoved):
        change(job, done=1)

    assert fresh(job).state == JobState.INPROGRESS


def test_a_follower_is_told_of_each_state_in_turn(settings: Settings) -> None:
    settings.JOB_FOLLOWERS = {"test.steps": f"{HERE}.tell"}
    job = a_job()

    move(claimed(job), JobState.SUCCEEDED)

    told = job.artifacts.order_by("pk").values_list("name", flat=True)
    assert list(told) == ["told-inprogress", "told-succeeded"]


def test_a_follower_that_fails_takes_the_move_back(settings: Settings) -> None:
    settings.JOB_FOLLOWERS = {"test.steps": f"{HERE}.fail_at_end"}
    job = a_job()

    with pytest.raises(FollowerFailed) as caught:
        move(job, JobState.CANCELLED)

    assert isinstance(caught.value.__cause__, LookupError)
    assert fresh(job).state == JobState.QUEUED
    assert not job.artifacts.exists()
    assert not job.events.exists()


def test_words_that_no_database_can_store_are_mended() -> None:
    job = claimed(a_job())

    fail(job, code="bad", message="NUL \0, half a pair \ud800", seen="a\0b")

    saved = fresh(job)
    assert saved.error == "NUL \ufffd, half a pair ?"
    assert saved.events.get(kind=EventKind.ERROR).data["seen"] == "a\ufffdb"
