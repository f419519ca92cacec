"""POST /jobs/{id}/retry: a job that failed is queued once more, where that is safe."""

import pytest
from pytest_django import Settings

from config import settings as service
from tasks.models import Job
from tasks.states import JobState
from tests.support.jobs import a_client, a_job, a_job_in
from tests.support.jobsapi import Answer, a_key, ask
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


def retried(job: Job, key: str, **headers: str) -> Answer:
    return ask("POST", f"/jobs/{job.pk}/retry", key, **headers)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_a_job_that_did_not_succeed_is_queued_again(state: JobState) -> None:
    _, key = a_key()
    job = a_job_in(state, error_code="oops", error="It broke.", cursor=7)

    reply = retried(job, key)

    assert reply.status == 202
    assert reply.json["state"] == "queued"
    assert reply.json["error"] is None
    assert reply.json["waiting"] == {"for": "worker"}
    job.refresh_from_db()
    assert (job.state, job.cursor) == ("queued", 7)


@pytest.mark.parametrize(
    "state", [JobState.QUEUED, JobState.INPROGRESS, JobState.SUCCEEDED]
)
def test_there_is_nothing_to_retry_in_any_other_state(state: JobState) -> None:
    _, key = a_key()
    job = a_job_in(state)

    reply = retried(job, key)

    assert reply.status == 409
    assert reply.problem == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": (
            f"The job is {state}: only a failed or cancelled one can be retried."
        ),
        "instance": f"/jobs/{job.pk}/retry",
        "state": state.value,
    }


def test_a_delivery_is_never_made_again_at_a_clients_word() -> None:
    _, key = a_key()
    job = a_job_in(JobState.FAILED, kind="exports.delivery")

    reply = retried(job, key)

    assert reply.status == 409
    assert reply.problem["detail"] == (
        "A job of kind exports.delivery is never done again at a client's word."
    )
    assert "retry" not in ask("GET", f"/jobs/{job.pk}", key).json["links"]
    assert "exports.delivery" not in service.CLIENTS_RETRY


def test_a_retry_is_work_like_any_other(settings: Settings) -> None:
    caller, key = a_key()
    caller.max_open_jobs = 1
    caller.save()
    job, second = a_job_in(JobState.FAILED), a_job_in(JobState.FAILED)

    taken, refused = retried(job, key), retried(second, key)

    assert taken.headers["RateLimit-Policy"] == '"open-jobs";q=1'
    assert taken.headers["RateLimit"] == '"open-jobs";r=0'
    assert refused.status == 429
    later = refused.headers["Retry-After"]
    assert int(later) >= 1
    assert refused.headers["RateLimit"] == f'"open-jobs";r=0;t={later}'
    assert refused.problem["detail"] == (
        "alice has 1 unfinished jobs, as many as it may have."
    )
    second.refresh_from_db()
    assert second.state == JobState.FAILED


def test_a_service_that_is_full_says_when_to_come_again(settings: Settings) -> None:
    _, key = a_key()
    job = a_job_in(JobState.FAILED)
    settings.MAX_OPEN_JOBS = 0

    reply = retried(job, key)

    assert reply.status == 503
    assert reply.problem["title"] == "Service Unavailable"
    assert int(reply.headers["Retry-After"]) >= 1
    assert "RateLimit" not in reply.headers


def test_a_retry_with_a_key_is_told_again_and_not_done_again() -> None:
    _, key = a_key()
    job = a_job_in(JobState.FAILED)

    first = retried(job, key, Idempotency_Key="k1")
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, due_at=None)
    again = retried(job, key, Idempotency_Key="k1")

    assert (first.status, again.status) == (202, 202)
    assert again.body == first.body
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    job.refresh_from_db()
    assert job.state == JobState.FAILED


def test_a_key_of_another_job_is_a_problem() -> None:
    _, key = a_key()
    job, other = a_job_in(JobState.FAILED), a_job_in(JobState.FAILED)
    retried(job, key, Idempotency_Key="k1")

    reply = retried(other, key, Idempotency_Key="k1")

    assert reply.status == 422
    assert reply.problem["parameter"] == "Idempotency-Key"
    other.refresh_from_db()
    assert other.state == JobState.FAILED


@pytest.mark.parametrize("text", ["", "a b", "é", "k" * 256])
def test_a_key_that_cannot_be_is_a_problem(text: str) -> None:
    _, key = a_key()

    reply = retried(a_job_in(JobState.FAILED), key, Idempotency_Key=text)

    assert reply.status == 400
    assert reply.problem["detail"] == (
        "Idempotency-Key should be 1 to 255 visible ASCII characters."
    )


@pytest.mark.django_db(transaction=True)
def test_of_sixteen_that_retry_one_queues_the_job() -> None:
    _, key = a_key()
    job = a_job_in(JobState.FAILED)

    replies = at_once(16, lambda: retried(job, key).status)

    assert sorted(replies) == [202] + [409] * 15
    assert job.events.filter(kind="moved", data__to="queued").count() == 1
    assert a_client().jobs.count() == 1


def test_a_job_that_waits_can_still_be_listed_after_its_retry() -> None:
    _, key = a_key()
    job = a_job_in(JobState.FAILED)
    a_job()
    retried(job, key)

    listed = ask("GET", "/jobs?limit=1", key).json["jobs"]

    assert [one["id"] for one in listed] == [str(job.pk)]
