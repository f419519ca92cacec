"""GET /api/v1/task."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from tasks.models import Phase, Task
from tests.support.common import NOBODYS, TASK, Api, Issuer, an_asset, put_phase
from tests.support.jobs import a_client, a_job

pytestmark = pytest.mark.django_db


def test_a_new_task_is_told_in_the_envelope_and_at_its_top(alice: Api) -> None:
    task_id = alice.create()

    reply = alice.ask("GET", f"{TASK}?id={task_id}")

    five = {
        "task_id": task_id,
        "status": "CREATED",
        "assets_downloaded": 0,
        "result_id": None,
        "result_type": None,
    }
    more = {"assets_announced": 0, "assets_failed": 0, "processor": "archive"}
    assert reply.status == 200
    assert reply.json == {
        "success": True,
        "message": None,
        "data": {**five, **more},
        **five,
    }
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("announced", "downloaded", "percent"),
    [(0, 0, 0), (3, 1, 33), (3, 2, 66), (200, 199, 99), (7, 7, 100)],
)
def test_the_percentage_is_the_floor(
    alice: Api, announced: int, downloaded: int, percent: int
) -> None:
    task_id = alice.create()
    put_phase(task_id, Phase.DOWNLOADING, announced=announced, downloaded=downloaded)

    assert alice.status(task_id)["assets_downloaded"] == percent


def test_failed_assets_are_counted_apart(alice: Api) -> None:
    task_id = alice.create()
    put_phase(task_id, Phase.WAITING, announced=4, downloaded=3, failed=1)

    told = alice.status(task_id)

    assert (told["assets_downloaded"], told["assets_failed"]) == (75, 1)
    assert told["status"] == "WAITING"


@pytest.mark.parametrize("type_", ["STREAM", "JSON", "WEBSITE"])
def test_only_a_completed_task_has_a_result(alice: Api, type_: str) -> None:
    task_id = alice.create()
    put_phase(task_id, Phase.PROCESSING, result_type=type_)
    before = alice.status(task_id)
    put_phase(task_id, Phase.COMPLETED, result_type=type_)

    after = alice.status(task_id)

    assert (before["result_id"], before["result_type"]) == (None, None)
    assert after["result_id"] == f"http://testserver/api/v1/result?id={task_id}"
    assert after["result_type"] == type_


def test_the_result_is_where_the_operator_says_this_service_is(
    alice: Api, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://entrepot.example"
    task_id = alice.create()
    put_phase(task_id, Phase.COMPLETED, result_type="JSON")

    url = alice.status(task_id)["result_id"]

    assert url == f"https://entrepot.example/api/v1/result?id={task_id}"


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.CANCELLED])
def test_a_task_without_success_says_so_and_why(alice: Api, phase: Phase) -> None:
    task_id = alice.create()
    put_phase(task_id, phase, message="a.jpg: 404 Not Found")

    reply = alice.ask("GET", f"{TASK}?id={task_id}")

    assert reply.status == 200
    assert reply.json["success"] is True
    assert reply.json["status"] == reply.json["data"]["status"] == phase
    assert reply.json["message"] == "a.jpg: 404 Not Found"


@pytest.mark.parametrize(
    ("announced", "downloaded", "processed", "status"),
    [
        (0, 0, False, "CREATED"),
        (5, 2, False, "DOWNLOADING"),
        (5, 5, False, "WAITING"),
        (5, 5, True, "PROCESSING"),
    ],
)
def test_a_strict_service_keeps_the_last_state_of_the_contract(
    alice: Api,
    settings: Settings,
    announced: int,
    downloaded: int,
    processed: bool,
    status: str,
) -> None:
    settings.TASKS_STRICT_STATUS = True
    task_id = alice.create()
    put_phase(
        task_id,
        Phase.FAILED,
        announced=announced,
        downloaded=downloaded,
        process_job=a_job() if processed else None,
        message="It broke.",
    )

    reply = alice.ask("GET", f"{TASK}?id={task_id}")

    told = reply.json
    assert (reply.status, told["success"], told["message"]) == (200, False, "It broke.")
    assert told["status"] == told["data"]["status"] == status


def test_a_strict_service_tells_other_states_as_they_are(
    alice: Api, settings: Settings
) -> None:
    settings.TASKS_STRICT_STATUS = True
    task_id = alice.create()
    put_phase(task_id, Phase.COMPLETED, result_type="JSON")

    assert alice.status(task_id)["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "id: is missing from the query."),
        ("?ID=00000000-0000-4000-8000-000000000000", "id: is missing from the query."),
        ("?id=", "id: is not a UUID."),
        ("?id=7", "id: is not a UUID."),
        ("?id=urn:uuid:00000000-0000-4000-8000-000000000000", "id: is not a UUID."),
        ("?id=00000000-00004000-8000-000000000000", "id: is not a UUID."),
        ("?id=%00", "id: is not a UUID."),
        ("?id=%ff%fe", "id: is not a UUID."),
        ("?id=a&id=b", "id: is there more than once."),
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_id_that_is_none_is_a_bad_request(
    alice: Api, method: str, query: str, message: str
) -> None:
    reply = alice.ask(method, f"{TASK}{query}")

    assert (reply.status, reply.refusal) == (400, message)


def test_an_id_may_be_written_in_other_ways(alice: Api) -> None:
    task_id = alice.create()

    ways = [task_id.upper(), task_id.replace("-", "")]

    assert [alice.status(way)["task_id"] for way in ways] == [task_id, task_id]


def test_unknown_and_foreign_tasks_are_the_same_404(alice: Api, bob: Api) -> None:
    task_id = alice.create()

    unknown = bob.ask("GET", f"{TASK}?id={NOBODYS}")
    foreign = bob.ask("GET", f"{TASK}?id={task_id}")

    assert unknown.status == foreign.status == 404
    assert unknown.body == foreign.body
    assert foreign.refusal == "There is no such task."


def test_reading_needs_the_scope_read(client: Client, issuer: Issuer) -> None:
    writer = Api(client, issuer.token(scope="write"))
    task_id = writer.create()

    reply = writer.ask("GET", f"{TASK}?id={task_id}")

    assert reply.status == 403
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    assert "read" in reply.refusal


def test_a_status_costs_few_queries(
    alice: Api, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    task_id = alice.create()
    alice.announce(task_id, *[an_asset(f"{n}") for n in range(50)])
    Task.objects.create(client=a_client(), processor="archive")

    with django_assert_max_num_queries(3):
        alice.status(task_id)
