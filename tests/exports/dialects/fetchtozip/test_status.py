"""GET /api/export/status/{task_id}: one literal object for each state."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tasks.engine import clock, moves
from tests.support.fetchtozip import (
    FAILS,
    WHY,
    a_key,
    ask,
    configured,
    ended,
    started,
    task_of,
)
from tests.support.jobs import claimed, put

# Jobs are run, and the heartbeat looks at them from another connection.
pytestmark = pytest.mark.django_db(transaction=True)


def status(client: Client, task_id: str) -> str:
    reply = ask(client, "GET", f"status/{task_id}")
    assert reply.status == 200
    return reply.body.decode()


def test_a_task_that_waits_is_in_progress(client: Client) -> None:
    task_id = started(client)

    assert status(client, task_id) == (
        f'{{"task_id":"{task_id}","status":"in_progress","progress":0}}'
    )


@pytest.mark.parametrize(
    ("done", "total", "progress"),
    [(0, None, 0), (7, None, 0), (1, 4, 25), (2, 3, 66), (4, 4, 99), (9, 4, 99)],
)
def test_a_task_that_runs_says_how_far_it_is(
    client: Client, done: int, total: int | None, progress: int
) -> None:
    task_id = started(client)
    put(claimed(), done=done, total=total)

    assert status(client, task_id) == (
        f'{{"task_id":"{task_id}","status":"in_progress","progress":{progress}}}'
    )


def test_a_task_that_waits_to_be_tried_again_is_in_progress(client: Client) -> None:
    task_id = started(client)
    job = put(claimed(), done=1, total=4)
    moves.requeue(job, wait_s=60, data={"code": "slow", "message": "later"})

    assert status(client, task_id) == (
        f'{{"task_id":"{task_id}","status":"in_progress","progress":25}}'
    )


def test_a_finished_task_is_completed(client: Client) -> None:
    task_id = ended(client)

    assert status(client, task_id) == (
        f'{{"task_id":"{task_id}","status":"completed"}}'
    )


def test_a_failed_task_says_why(client: Client) -> None:
    task_id = ended(client, source_url=FAILS)

    assert status(client, task_id) == (
        f'{{"task_id":"{task_id}","status":"failed",'
        f'"error":"Pipeline failed for task_id={task_id}: {WHY}"}}'
    )


def test_a_running_task_that_was_asked_to_stop(client: Client) -> None:
    task_id = started(client)
    put(claimed(), cancel_requested_at=clock.now())

    assert status(client, task_id) == (
        f'{{"task_id":"{task_id}","status":"cancel_requested"}}'
    )


def test_a_task_that_was_stopped(client: Client) -> None:
    task_id = started(client)
    ask(client, "DELETE", f"cancel/{task_id}")

    assert status(client, task_id) == (
        f'{{"task_id":"{task_id}","status":"cancelled"}}'
    )


@pytest.mark.parametrize(
    "task_id",
    [
        "task_" + "0" * 32,
        "task_" + "A" * 32,
        "nothing",
        "task_%00",
        "%00",
        "1%27%20or%201=1",
        "x" * 5000,
        "%F0%9F%A7%AE",
    ],
)
def test_an_unknown_task_is_not_found(client: Client, task_id: str) -> None:
    for method, action in (
        ("GET", "status"),
        ("DELETE", "cancel"),
        ("GET", "download"),
    ):
        reply = ask(client, method, f"{action}/{task_id}")

        assert reply.status == 404
        assert reply.body == b'{"detail":"Task not found"}'


def test_a_status_costs_few_queries_whatever_there_is(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    _, key = a_key()
    ask(client, "GET", "inputs-list", key=key)  # the key's use is noted once a minute
    configured(client, key)
    many = [ask(client, "POST", "start", key=key).json["task_id"] for _ in range(20)]

    with django_assert_max_num_queries(2):
        assert ask(client, "GET", f"status/{many[7]}", key=key).status == 200


def test_a_file_that_expired_leaves_the_task_completed(client: Client) -> None:
    task_id = ended(client)
    task = task_of(task_id)
    task.expires_at = timezone.now()
    task.save()

    assert '"status":"completed"' in status(client, task_id)
