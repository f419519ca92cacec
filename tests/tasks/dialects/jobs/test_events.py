"""GET /jobs/{id}/events as JSON: what happened to a job, and nobody else's business."""

import pytest

from tasks import services
from tasks.engine.moves import EventKind, fail, note, requeue
from tests.support.jobs import a_job, claimed, lose, make_due
from tests.support.jobsapi import a_key, ask, without_times

pytestmark = pytest.mark.django_db


def test_a_jobs_life_is_told_without_what_is_ours() -> None:
    _, key = a_key()
    job = a_job()
    run = claimed(job)
    note(run, EventKind.NOTE, text="wrote 3 rows", rows=3)
    requeue(run, wait_s=1.5, data={"code": "unlucky", "message": "Not this time."})
    make_due(job)
    lose(claimed(job))
    run = claimed(job)
    fail(run, code="internal_error", message="Ours.", traceback="secret path")

    reply = ask("GET", f"/jobs/{job.pk}/events", key)

    assert reply.status == 200
    events = reply.json["events"]
    ids = [one.pop("id") for one in events]
    assert ids == sorted(set(ids))
    assert without_times(events) == [
        {"at": "<time>", "kind": "claimed", "data": {}},
        {
            "at": "<time>",
            "kind": "note",
            "data": {"rows": 3, "text": "wrote 3 rows"},
        },
        {
            "at": "<time>",
            "kind": "retry",
            "data": {
                "code": "unlucky",
                "message": "Not this time.",
                "wait_s": 1.5,
            },
        },
        {"at": "<time>", "kind": "claimed", "data": {}},
        {"at": "<time>", "kind": "lease_lost", "data": {}},
        {"at": "<time>", "kind": "claimed", "data": {}},
        {
            "at": "<time>",
            "kind": "error",
            "data": {"code": "internal_error", "message": "Ours."},
        },
    ]
    assert reply.json["next"] is None


def test_a_job_that_nothing_happened_to_has_no_events() -> None:
    _, key = a_key()

    reply = ask("GET", f"/jobs/{a_job().pk}/events", key)

    assert reply.body == b'{"events":[],"next":null}'


def test_pages_go_on_after_an_events_id() -> None:
    _, key = a_key()
    job = a_job()
    for number in range(5):
        note(job, EventKind.NOTE, text=str(number))
    note(a_job(), EventKind.NOTE, text="another job's")
    seen: list[str] = []
    after = 0

    while after is not None:
        page = ask("GET", f"/jobs/{job.pk}/events?limit=2&after={after}", key).json
        seen += [one["data"]["text"] for one in page["events"]]
        after = page["next"]

    assert seen == ["0", "1", "2", "3", "4"]


def test_the_last_event_known_may_be_told_by_its_header() -> None:
    _, key = a_key()
    job = a_job()
    services.cancel(job)
    last = job.events.get().pk

    reply = ask("GET", f"/jobs/{job.pk}/events?after=0", key, Last_Event_ID=str(last))

    assert reply.json["events"] == []


@pytest.mark.parametrize(
    ("query", "name"),
    [("after=-1", "after"), ("after=1e3", "after"), ("limit=0", "limit"), ("x=1", "x")],
)
def test_a_parameter_that_cannot_be_is_named(query: str, name: str) -> None:
    _, key = a_key()

    reply = ask("GET", f"/jobs/{a_job().pk}/events?{query}", key)

    assert (reply.status, reply.problem["parameter"]) == (400, name)


def test_a_header_that_cannot_be_is_named() -> None:
    _, key = a_key()

    reply = ask("GET", f"/jobs/{a_job().pk}/events", key, Last_Event_ID="last")

    assert (reply.status, reply.problem["parameter"]) == (400, "Last-Event-ID")
