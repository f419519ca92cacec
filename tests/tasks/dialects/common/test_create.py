"""POST /api/v1/task."""

import pytest
from django.test import Client
from pytest_django import Settings

from tasks.models import Phase, Task
from tests.support.common import TASK, Api, Issuer, task_of

pytestmark = pytest.mark.django_db


def test_a_task_is_made_without_a_body(alice: Api, settings: Settings) -> None:
    settings.TASK_ATTRIBUTES = ["longitude", "latitude"]
    settings.TASK_ASSETS_PER_BATCH = 25

    reply = alice.ask("POST", TASK, content_type="")

    task = Task.objects.get()
    assert reply.status == 200
    assert reply.json == {
        "success": True,
        "message": None,
        "data": {
            "task_id": str(task.pk),
            "attributes": ["longitude", "latitude"],
            "assets_per_batch": 25,
        },
    }
    assert task.phase == Phase.CREATED
    assert task.processor == settings.TASK_PROCESSOR


@pytest.mark.parametrize("body", [b"{}", b" \n", b"null"])
def test_an_empty_body_asks_for_nothing(alice: Api, body: bytes) -> None:
    assert alice.ask("POST", TASK, body).status == 200


def test_processor_and_what_failures_mean_can_be_chosen(alice: Api) -> None:
    task_id = alice.create(processor="catalogue", on_failure="stop")

    task = task_of(task_id)
    assert (task.processor, task.on_failure) == ("catalogue", "stop")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            '{"processor": "mosaic"}',
            "processor: is not one of archive, catalogue, gallery.",
        ),
        ('{"processor": 7}', "processor: is not one of archive, catalogue, gallery."),
        ('{"on_failure": "ask"}', "on_failure: is not one of continue, stop."),
        ('{"on_failure": {}}', "on_failure: is not one of continue, stop."),
        (
            '{"procesor": "archive"}',
            "the body may have the fields processor and on_failure, and no others.",
        ),
        ("[]", "The body is not an object."),
        ("7", "The body is not an object."),
        ("{", "The body is not JSON: "),
        ("processor=archive", "The body is not JSON: "),
        ('{"processor": "\\ud800"}', "The body is not JSON: "),
    ],
)
def test_a_body_that_cannot_be_followed_makes_nothing(
    alice: Api, body: str, message: str
) -> None:
    reply = alice.ask("POST", TASK, body)

    assert reply.status == 400
    assert reply.refusal.startswith(message)
    assert not Task.objects.exists()


def test_a_body_too_large_is_refused(alice: Api, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    reply = alice.ask("POST", TASK, '{"processor": "%s"}' % ("a" * 1000))

    assert (reply.status, reply.refusal) == (413, "The body is larger than 16 MB.")


def test_a_client_with_as_many_tasks_as_it_may_have_comes_later(
    alice: Api, issuer: Issuer
) -> None:
    caller = issuer.client()
    caller.max_open_jobs = 1
    caller.save()
    alice.create()

    reply = alice.ask("POST", TASK)

    assert reply.status == 429
    assert "unfinished tasks" in reply.refusal
    assert int(reply.headers["Retry-After"]) > 0


def test_one_idempotency_key_makes_one_task(alice: Api, bob: Api) -> None:
    first = alice.ask("POST", TASK, Idempotency_Key="k1")
    again = alice.ask("POST", TASK, Idempotency_Key="k1")
    other = alice.ask("POST", TASK, {"on_failure": "stop"}, Idempotency_Key="k1")
    bobs = bob.ask("POST", TASK, Idempotency_Key="k1")

    assert first.body == again.body != bobs.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status, Task.objects.count()) == (422, 2)


def test_nobody_makes_a_task_without_a_token(client: Client, issuer: Issuer) -> None:
    reply = Api(client).ask("POST", TASK)

    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    assert "access token" in reply.refusal
    assert not Task.objects.exists()
