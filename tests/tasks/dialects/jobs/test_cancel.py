"""DELETE /jobs/{id}: a job is asked to stop."""

import pytest

from tasks.models import Job
from tasks.states import FINAL, JobState
from tests.support.jobs import a_job, a_job_in, claimed
from tests.support.jobsapi import Answer, a_key, ask
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


def cancelled(job: Job, key: str) -> Answer:
    return ask("DELETE", f"/jobs/{job.pk}", key)


def test_a_job_that_nobody_runs_ends_at_once() -> None:
    _, key = a_key()
    job = a_job()

    reply = cancelled(job, key)

    assert reply.status == 202
    assert reply.json["state"] == "cancelled"
    assert reply.json["id"] == str(job.pk)
    assert "cancel" not in reply.json["links"]
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_a_job_that_runs_is_asked_once_however_often_it_is_told() -> None:
    _, key = a_key()
    a_job()
    job = claimed()

    replies = [cancelled(job, key) for _ in range(3)]

    assert [reply.status for reply in replies] == [202] * 3
    assert {reply.json["state"] for reply in replies} == {"inprogress"}
    assert all(reply.json["cancel_requested_at"] for reply in replies)
    assert job.events.filter(kind="cancel").count() == 1


@pytest.mark.parametrize("state", FINAL)
def test_a_job_that_has_ended_is_a_conflict(state: JobState) -> None:
    _, key = a_key()
    job = a_job_in(state)

    reply = cancelled(job, key)

    assert reply.status == 409
    assert reply.problem == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": f"The job has ended; it is {state}.",
        "instance": f"/jobs/{job.pk}",
        "state": state.value,
    }


@pytest.mark.django_db(transaction=True)
def test_of_sixteen_that_cancel_one_ends_the_job() -> None:
    _, key = a_key()
    job = a_job()

    replies = at_once(16, lambda: cancelled(job, key).status)

    assert sorted(replies) == [202] + [409] * 15
    assert job.events.filter(kind="moved").count() == 1
