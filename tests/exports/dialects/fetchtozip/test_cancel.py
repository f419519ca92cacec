"""DELETE /api/export/cancel/{task_id}."""

import pytest
from django.test import Client

from exports.models import ExportTask
from tasks.engine.run import Run
from tasks.states import JobState
from tests.support.fetchtozip import FAILS, ask, ended, started, task_of
from tests.support.jobs import FOREVER, claimed, run_slice

# Jobs are run, and the heartbeat looks at them from another connection.
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_waiting_task_ends_at_once(client: Client) -> None:
    task_id = started(client)

    reply = ask(client, "DELETE", f"cancel/{task_id}")

    assert reply.status == 200
    assert (
        reply.body
        == (
            f'{{"message":"Task {task_id} cancellation requested.",'
            f'"status":"cancel_requested"}}'
        ).encode()
    )
    assert task_of(task_id).job.state == JobState.CANCELLED


def test_a_running_task_ends_at_its_next_step_and_leaves_no_file(
    client: Client,
) -> None:
    task_id = started(client)
    run = Run(claimed())
    run.advance(until=0)

    reply = ask(client, "DELETE", f"cancel/{task_id}")
    run.lease.cancelled = True  # as the heartbeat sees it
    run.advance(until=FOREVER)
    run.end()

    assert reply.json["status"] == "cancel_requested"
    assert ask(client, "GET", f"status/{task_id}").json["status"] == "cancelled"
    assert ExportTask.objects.get().artifact is None


def test_asking_again_while_it_stops_changes_nothing(client: Client) -> None:
    task_id = started(client)
    claimed()

    first, second = (ask(client, "DELETE", f"cancel/{task_id}") for _ in "ab")

    assert first.status == second.status == 200
    assert first.body == second.body


@pytest.mark.parametrize(
    ("source", "state"),
    [("http://source.test/rows", "completed"), (FAILS, "failed")],
)
def test_a_task_that_ended_cannot_be_cancelled(
    client: Client, source: str, state: str
) -> None:
    task_id = ended(client, source_url=source)

    reply = ask(client, "DELETE", f"cancel/{task_id}")

    assert reply.status == 400
    assert (
        reply.body
        == (
            f'{{"detail":"Task {task_id} cannot be canceled as it is in '
            f"'{state}' state.\"}}"
        ).encode()
    )


def test_a_cancelled_task_cannot_be_cancelled_again(client: Client) -> None:
    task_id = started(client)
    ask(client, "DELETE", f"cancel/{task_id}")

    reply = ask(client, "DELETE", f"cancel/{task_id}")

    assert reply.status == 400
    assert reply.detail == (
        f"Task {task_id} cannot be canceled as it is in 'cancelled' state."
    )


def test_other_tasks_go_on(client: Client) -> None:
    first, second = started(client), started(client)

    ask(client, "DELETE", f"cancel/{first}")

    assert run_slice().state == JobState.SUCCEEDED
    assert ask(client, "GET", f"status/{second}").json["status"] == "completed"
