"""POST /api/v1/assets."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tasks.models import Asset, Phase, Task
from tests.support.common import ASSETS, NOBODYS, Api, Issuer, an_asset, put_phase

pytestmark = pytest.mark.django_db


def test_a_batch_is_taken_and_nothing_is_told(alice: Api) -> None:
    task_id = alice.create()
    one = {
        "file_name": "DJI_0001.JPG",
        "attributes": {"longitude": 9.5, "tags": ["a", {"b": None}]},
        "download_url": "https://files.test/DJI_0001.JPG?sig=abc%20d",
    }

    reply = alice.announce(task_id, one, an_asset("b.jpg"))

    assert reply.status == 200
    assert reply.json == {"success": True, "message": None, "data": None}
    first, second = Asset.objects.order_by("number")
    assert first.file_name == "DJI_0001.JPG"
    assert first.attributes == {"longitude": 9.5, "tags": ["a", {"b": None}]}
    assert first.url == "https://files.test/DJI_0001.JPG?sig=abc%20d"
    assert second.file_name == "b.jpg"
    assert Task.objects.get().phase == Phase.DOWNLOADING


def test_the_same_batch_again_adds_nothing(alice: Api) -> None:
    task_id = alice.create()

    replies = [alice.announce(task_id, an_asset("a"), an_asset("b")) for _ in range(2)]

    assert [reply.status for reply in replies] == [200, 200]
    assert Asset.objects.count() == Task.objects.get().announced == 2


def test_the_same_name_from_two_places_is_two_assets(alice: Api) -> None:
    task_id = alice.create()

    alice.announce(
        task_id,
        an_asset("../x/a.jpg", "http://files.test/1"),
        an_asset("a.jpg", "http://files.test/2"),
    )

    names = Asset.objects.order_by("number").values_list("name", flat=True)
    assert list(names) == ["a.jpg", "a-2.jpg"]


def test_fields_beyond_the_contracts_are_passed_over(alice: Api) -> None:
    task_id = alice.create()

    reply = alice.announce(task_id, {**an_asset(), "id": 7}, source="store")

    assert (reply.status, Asset.objects.count()) == (200, 1)


@pytest.mark.parametrize("attributes", [None, {}])
def test_attributes_may_be_none_where_none_are_asked_for(
    alice: Api, attributes: Any
) -> None:
    task_id = alice.create()

    reply = alice.announce(task_id, {**an_asset(), "attributes": attributes})

    assert reply.status == 200
    assert Asset.objects.get().attributes == {}


def test_each_asset_needs_the_attributes_that_are_asked_for(
    alice: Api, settings: Settings
) -> None:
    settings.TASK_ATTRIBUTES = ["longitude", "latitude"]
    task_id = alice.create()
    good = {**an_asset("a"), "attributes": {"longitude": 1, "latitude": None}}
    bad = {**an_asset("b"), "attributes": {"longitude": 1}}

    reply = alice.announce(task_id, good, bad)

    assert reply.status == 400
    assert reply.refusal == "data[1].attributes.latitude: is missing."
    assert not Asset.objects.exists()


URL = "http://files.test/a"
FAULTS: list[tuple[Any, str]] = [
    ([], "The body is not an object with task_id and data."),
    ({}, "task_id: is missing; data: is missing."),
    ({"task_id": 7, "data": []}, "task_id: is not a UUID."),
    ({"task_id": "{id}x", "data": []}, "task_id: is not a UUID."),
    ({"task_id": "{id}", "data": {}}, "data: is not a list."),
    ({"task_id": "{id}", "data": None}, "data: is not a list."),
    (
        {"task_id": "{id}", "data": [], "last": "yes"},
        "last: is neither true nor false.",
    ),
    (
        {"task_id": "{id}", "data": ["a", {}]},
        (
            "data[0]: is not an object; data[1].file_name: is missing; "
            "data[1].download_url: is missing."
        ),
    ),
    (
        {"task_id": "{id}", "data": [{"file_name": 1, "download_url": 2}]},
        "data[0].file_name: is not a text; data[0].download_url: is not a text.",
    ),
    (
        {"task_id": "{id}", "data": [{"file_name": " ", "download_url": URL}]},
        "data[0].file_name: is empty.",
    ),
    (
        {"task_id": "{id}", "data": [{"file_name": "a" * 1001, "download_url": URL}]},
        "data[0].file_name: is longer than 1000 characters.",
    ),
    (
        {"task_id": "{id}", "data": [{"file_name": "a\0", "download_url": URL}]},
        "data[0].file_name: may not contain the character U+0000.",
    ),
]


@pytest.mark.parametrize(("body", "message"), FAULTS)
def test_a_fault_is_told_with_its_place(alice: Api, body: Any, message: str) -> None:
    task_id = alice.create()
    if isinstance(body, dict) and isinstance(body.get("task_id"), str):
        body = {**body, "task_id": body["task_id"].format(id=task_id)}

    reply = alice.ask("POST", ASSETS, body)

    assert (reply.status, reply.refusal) == (400, message)
    assert not Asset.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.jpg",
        "ftp://files.test/a",
        "file:///etc/passwd",
        "http://",
        "http://user:secret@files.test/a",
        "http://files.test/a b",
        "http://files.test/\n",
        "http://files.test/\0",
        "http://[::1",
        "http://files.test:99999/",
        "http://files.test/" + "a" * 8000,
    ],
)
def test_an_address_that_cannot_be_fetched_is_refused_at_once(
    alice: Api, url: str
) -> None:
    task_id = alice.create()

    reply = alice.announce(task_id, an_asset("a"), an_asset("b", url))

    assert reply.status == 400
    assert reply.refusal.startswith("data[1].download_url: ")
    assert "secret" not in reply.refusal
    assert not Asset.objects.exists()


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ([], "is not an object"),
        ("a", "is not an object"),
        ({"a": nested(16)}, "is nested more than 16 deep"),
        ({"a": nested(900)}, "is nested more than 16 deep"),
        ({"a": "x" * 65536}, "is larger than 64 KiB"),
        ({"a": ["\0"]}, "may not contain the character U+0000"),
        ({"\0": 1}, "may not contain the character U+0000"),
    ],
    ids=["list", "text", "17 levels", "901 levels", "large", "NUL", "NUL in a name"],
)
def test_attributes_have_limits(alice: Api, attributes: Any, message: str) -> None:
    task_id = alice.create()

    reply = alice.announce(task_id, {**an_asset(), "attributes": attributes})

    assert reply.refusal == f"data[0].attributes: {message}."
    assert (reply.status, Asset.objects.count()) == (400, 0)


def test_attributes_may_be_16_deep(alice: Api) -> None:
    task_id = alice.create()

    reply = alice.announce(task_id, {**an_asset(), "attributes": {"a": nested(15)}})

    assert reply.status == 200


def test_of_many_faults_ten_are_told(alice: Api) -> None:
    task_id = alice.create()

    reply = alice.announce(task_id, *[7] * 500)

    assert reply.refusal.count("is not an object") == 10


def test_a_batch_over_the_limit_is_refused_whole(
    alice: Api, settings: Settings
) -> None:
    settings.TASK_ASSETS_PER_BATCH = 3
    task_id = alice.create()

    reply = alice.announce(task_id, *[an_asset(f"{n}") for n in range(4)])

    assert reply.status == 400
    assert reply.refusal == "data: has 4 assets, and a batch at most 3."
    assert not Asset.objects.exists()


@pytest.mark.parametrize(
    "phase", [Phase.PROCESSING, Phase.COMPLETED, Phase.FAILED, Phase.CANCELLED]
)
def test_assets_come_too_late_after_processing_began(alice: Api, phase: Phase) -> None:
    task_id = alice.create()
    put_phase(task_id, phase, result_type="JSON")

    reply = alice.announce(task_id, an_asset())

    assert reply.status == 409
    assert phase in reply.refusal
    assert not Asset.objects.exists()


def test_assets_come_too_late_after_the_last_batch(alice: Api) -> None:
    task_id = alice.create()
    alice.announce(task_id, an_asset("a"), last=True)

    again = alice.announce(task_id, an_asset("a"), last=True)
    more = alice.announce(task_id, an_asset("b"))

    assert (again.status, more.status) == (200, 409)
    assert Asset.objects.count() == 1


def test_a_task_of_nobody_is_unknown(alice: Api) -> None:
    reply = alice.announce(NOBODYS, an_asset())

    assert (reply.status, reply.refusal) == (404, "There is no such task.")


def test_anothers_task_is_as_unknown(alice: Api, bob: Api) -> None:
    task_id = alice.create()

    reply = bob.announce(task_id, an_asset())

    assert (reply.status, reply.refusal) == (404, "There is no such task.")
    assert not Asset.objects.exists()


def test_assets_need_the_scope_write(client: Client, issuer: Issuer) -> None:
    reader = Api(client, issuer.token(scope="read"))

    reply = reader.announce(NOBODYS, an_asset())

    assert reply.status == 403
    assert "write" in reply.refusal


def test_a_body_of_no_json_is_refused(alice: Api) -> None:
    reply = alice.ask("POST", ASSETS, b'{"task_id": ')

    assert reply.status == 400
    assert reply.refusal.startswith("The body is not JSON: ")


def test_a_body_is_read_whatever_it_says_it_is(alice: Api) -> None:
    body = {"task_id": alice.create(), "data": [an_asset()]}

    reply = alice.ask("POST", ASSETS, body, content_type="text/plain")

    assert (reply.status, Asset.objects.count()) == (200, 1)


def test_one_idempotency_key_takes_one_batch(alice: Api) -> None:
    body = {"task_id": alice.create(), "data": [an_asset()]}

    replies = [alice.ask("POST", ASSETS, body, Idempotency_Key="k") for _ in range(2)]

    assert [reply.status for reply in replies] == [200, 200]
    assert replies[1].headers["Idempotent-Replayed"] == "true"
