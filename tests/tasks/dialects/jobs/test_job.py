"""GET /jobs/{id}: what is told of a job in each of its states."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks import services
from tasks.engine import clock
from tasks.engine.moves import fail, requeue
from tasks.models import Job
from tasks.states import JobState
from tests.support.jobs import a_job, claimed, put
from tests.support.jobsapi import NOBODYS, a_key, ask, without_times

pytestmark = pytest.mark.django_db


def told(job: Job, key: str) -> Any:
    reply = ask("GET", f"/jobs/{job.pk}", key)
    assert reply.status == 200, reply.body
    return reply.json


def test_a_queued_job_is_told_in_full() -> None:
    _, key = a_key()
    job = a_job(queued_at=datetime(2026, 11, 21, 8, 30, tzinfo=UTC))

    reply = ask("GET", f"/jobs/{job.pk}", key)

    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.json == {
        "id": str(job.pk),
        "kind": "test.steps",
        "state": "queued",
        "rev": 1,
        "progress": {"done": 0, "total": None, "percent": None, "rows": 0, "bytes": 0},
        "error": None,
        "attempt": 0,
        "max_attempts": 5,
        "retries": 0,
        "max_retries": 4,
        "queued_at": "2026-11-21T08:30:00Z",
        "started_at": None,
        "finished_at": None,
        "deadline_at": None,
        "cancel_requested_at": None,
        "links": {
            "self": f"/jobs/{job.pk}",
            "events": f"/jobs/{job.pk}/events",
            "cancel": f"/jobs/{job.pk}",
        },
        "waiting": {"for": "worker"},
    }


def test_a_running_job_waits_for_nothing_and_tells_how_far_it_is() -> None:
    _, key = a_key()
    a_job()
    job = claimed()
    put(job, done=3, total=12, rows=300, size_bytes=4096)

    seen = told(job, key)

    assert seen["waiting"] is None
    assert seen["progress"] == {
        "done": 3,
        "total": 12,
        "percent": 25,
        "rows": 300,
        "bytes": 4096,
    }
    assert without_times(seen)["started_at"] == "<time>"


def test_a_failed_job_tells_why_and_how_to_retry_it() -> None:
    _, key = a_key()
    a_job()
    job = claimed()
    fail(job, code="bad_source", message="Page 2 answered 500.")

    seen = told(job, key)

    assert seen["error"] == {"code": "bad_source", "message": "Page 2 answered 500."}
    assert seen["waiting"] is None
    assert seen["links"] == {
        "self": f"/jobs/{job.pk}",
        "events": f"/jobs/{job.pk}/events",
        "retry": f"/jobs/{job.pk}/retry",
    }


def test_after_a_temporary_error_it_waits_for_its_next_try() -> None:
    _, key = a_key()
    a_job()
    job = claimed()
    requeue(job, wait_s=90, data={"code": "unlucky", "message": "Not this time."})

    seen = told(job, key)

    assert seen["retries"] == 1
    until = job.due_at.isoformat().replace("+00:00", "Z") if job.due_at else ""
    assert seen["waiting"] == {"for": "retry", "until": until}


def test_a_job_that_is_put_off_waits_for_a_time() -> None:
    _, key = a_key()
    job = a_job(due_at=clock.now() + timedelta(minutes=1))

    assert without_times(told(job, key))["waiting"] == {
        "for": "time",
        "until": "<time>",
    }


def test_it_waits_behind_the_older_jobs_of_its_lane_alone() -> None:
    _, key = a_key()
    a_job(lane="another")
    first, second, third = (a_job() for _ in range(3))

    assert told(first, key)["waiting"] == {"for": "worker"}
    assert told(second, key)["waiting"] == {"for": "lane", "ahead": 1, "serial": False}
    assert told(third, key)["waiting"] == {"for": "lane", "ahead": 2, "serial": False}


def test_what_runs_holds_up_a_serial_lane_alone() -> None:
    _, key = a_key()
    a_job(lane="free")
    claimed()
    free = a_job(lane="free")
    a_job(lane="serial", serial=True)
    put(free, due_at=clock.now() + timedelta(hours=1))
    claimed()
    put(free, due_at=clock.now())
    serial = a_job(lane="serial", serial=True)

    assert told(free, key)["waiting"] == {"for": "worker"}
    assert told(serial, key)["waiting"] == {"for": "lane", "ahead": 1, "serial": True}


def test_a_retry_to_come_holds_up_a_serial_lane_whatever_its_place() -> None:
    _, key = a_key()
    job = a_job(lane="serial", serial=True)
    a_job(lane="serial", serial=True, due_at=clock.now() + timedelta(minutes=1))

    assert told(job, key)["waiting"] == {"for": "lane", "ahead": 1, "serial": True}


def test_a_parked_job_waits_for_a_worker() -> None:
    _, key = a_key()
    a_job()
    job = claimed()
    put(job, lease_owner="", due_at=clock.now())

    assert told(job, key)["waiting"] == {"for": "worker"}


def test_head_has_the_headers_and_no_body() -> None:
    _, key = a_key()
    job = a_job()

    reply = ask("HEAD", f"/jobs/{job.pk}", key)

    assert (reply.status, reply.body) == (200, b"")
    assert int(reply.headers["Content-Length"]) > 300


@pytest.mark.parametrize(
    "job_id", [NOBODYS, "nonsense", "{00000000-0000-4000-8000-000000000000}", "%00"]
)
def test_an_unknown_job_is_a_problem(job_id: str) -> None:
    _, key = a_key()

    reply = ask("GET", f"/jobs/{job_id}", key)

    assert reply.status == 404
    assert reply.problem["title"] == "Not Found"
    assert reply.problem["detail"] == (
        "There is no such job, or it is another client's."
    )


def test_anothers_job_is_not_found_whatever_is_asked_of_it() -> None:
    job = a_job(state=JobState.FAILED, due_at=None)
    _, bob = a_key("bob")

    for method, path in (
        ("GET", f"/jobs/{job.pk}"),
        ("HEAD", f"/jobs/{job.pk}"),
        ("GET", f"/jobs/{job.pk}/events"),
        ("DELETE", f"/jobs/{job.pk}"),
        ("POST", f"/jobs/{job.pk}/retry"),
    ):
        assert ask(method, path, bob).status == 404, (method, path)
    job.refresh_from_db()
    assert (job.state, job.rev) == ("failed", 1)


def test_a_job_costs_few_queries(django_assert_max_num_queries: Any) -> None:
    _, key = a_key()
    job = a_job()
    told(job, key)  # notes that the key was used

    with django_assert_max_num_queries(4):  # the key, the job, the time, its lane
        told(job, key)


def test_a_cancelled_job_has_no_percent_and_tells_when_it_was_asked_to_stop() -> None:
    _, key = a_key()
    job = a_job()
    services.cancel(job)

    seen = told(job, key)

    assert (seen["state"], seen["progress"]["percent"]) == ("cancelled", None)
    assert without_times(seen)["cancel_requested_at"] == "<time>"
