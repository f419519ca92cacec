"""DELETE /api/v1/task."""

import pytest
from django.test import Client

from tasks.archive.stored import store
from tasks.models import Asset, Phase, ResultType, Task
from tests.support.common import (
    NOBODYS,
    RESULT,
    TASK,
    Api,
    Issuer,
    an_asset,
    put_phase,
    put_result,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("phase", list(Phase))
def test_a_task_can_be_deleted_in_any_phase(alice: Api, phase: Phase) -> None:
    task_id = alice.create()
    alice.announce(task_id, an_asset())
    put_phase(task_id, phase, result_type="JSON")

    reply = alice.ask("DELETE", f"{TASK}?id={task_id}")

    assert reply.status == 200
    assert reply.json == {"success": True, "message": None, "data": None}
    assert not Task.objects.exists()
    assert not Asset.objects.exists()
    assert alice.ask("GET", f"{TASK}?id={task_id}").status == 404


def test_its_result_goes_with_it(alice: Api) -> None:
    task_id = alice.create()
    task = put_result(
        task_id,
        b"result",
        "result.zip",
        type_=ResultType.STREAM,
        media_type="application/zip",
    )
    assert task.result

    alice.ask("DELETE", f"{TASK}?id={task_id}")

    assert alice.ask("GET", f"{RESULT}?id={task_id}").status == 404
    assert not store().exists(task.result.digest)


def test_twice_deleted_is_not_found(alice: Api) -> None:
    task_id = alice.create()

    replies = [alice.ask("DELETE", f"{TASK}?id={task_id}") for _ in range(2)]

    assert [reply.status for reply in replies] == [200, 404]


def test_unknown_and_foreign_tasks_stay(alice: Api, bob: Api) -> None:
    task_id = alice.create()

    unknown = bob.ask("DELETE", f"{TASK}?id={NOBODYS}")
    foreign = bob.ask("DELETE", f"{TASK}?id={task_id}")

    assert unknown.status == foreign.status == 404
    assert foreign.refusal == "There is no such task."
    assert Task.objects.filter(pk=task_id).exists()


def test_deleting_needs_the_scope_write(client: Client, issuer: Issuer) -> None:
    task_id = Api(client, issuer.token()).create()
    reader = Api(client, issuer.token(scope="read"))

    assert reader.ask("DELETE", f"{TASK}?id={task_id}").status == 403
    assert Task.objects.filter(pk=task_id).exists()
