"""POST /api/v1/task/start."""

import pytest
from django.test import Client

from tasks.models import Phase
from tests.support.common import (
    NOBODYS,
    START,
    Api,
    Issuer,
    an_asset,
    put_phase,
    task_of,
)

pytestmark = pytest.mark.django_db


def test_a_task_whose_assets_are_here_is_processed(alice: Api) -> None:
    task_id = alice.create()
    alice.announce(task_id, an_asset())
    put_phase(task_id, Phase.WAITING, downloaded=1)

    reply = alice.ask("POST", f"{START}?id={task_id}", content_type="")

    assert reply.status == 200
    assert reply.json == {"success": True, "message": None, "data": None}
    assert task_of(task_id).phase == Phase.PROCESSING


def test_a_task_whose_assets_are_coming_is_processed_after_them(alice: Api) -> None:
    task_id = alice.create()
    alice.announce(task_id, an_asset())

    reply = alice.ask("POST", f"{START}?id={task_id}")

    task = task_of(task_id)
    assert reply.status == 200
    assert (task.phase, task.all_sent) == (Phase.DOWNLOADING, True)


def test_starting_twice_is_starting_once(alice: Api) -> None:
    task_id = alice.create()
    alice.announce(task_id, an_asset())
    put_phase(task_id, Phase.WAITING, downloaded=1)

    replies = [alice.ask("POST", f"{START}?id={task_id}") for _ in range(2)]

    assert [reply.status for reply in replies] == [200, 200]
    assert task_of(task_id).phase == Phase.PROCESSING


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.CANCELLED])
def test_what_has_failed_cannot_be_started(alice: Api, phase: Phase) -> None:
    task_id = alice.create()
    put_phase(task_id, phase)

    reply = alice.ask("POST", f"{START}?id={task_id}")

    assert reply.status == 409
    assert phase in reply.refusal


def test_unknown_foreign_and_missing_tasks(alice: Api, bob: Api) -> None:
    task_id = alice.create()

    unknown = alice.ask("POST", f"{START}?id={NOBODYS}")
    foreign = bob.ask("POST", f"{START}?id={task_id}")
    missing = alice.ask("POST", START)

    assert [one.status for one in (unknown, foreign, missing)] == [404, 404, 400]
    assert task_of(task_id).phase == Phase.CREATED


def test_starting_needs_the_scope_write(client: Client, issuer: Issuer) -> None:
    reader = Api(client, issuer.token(scope="read"))

    assert reader.ask("POST", f"{START}?id={NOBODYS}").status == 403


def test_a_key_that_was_used_for_another_task_is_not_taken_for_it(alice: Api) -> None:
    first, second = alice.create(), alice.create()

    for task_id in (first, second):
        alice.ask("POST", f"{START}?id={task_id}", Idempotency_Key="k")

    phases = [task_of(task_id).phase for task_id in (first, second)]
    assert phases == [Phase.PROCESSING, Phase.PROCESSING]
