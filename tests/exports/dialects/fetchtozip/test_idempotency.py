"""POST /api/export/start with an Idempotency-Key: one task, however often it comes."""

import pytest
from django.test import Client

from exports.models import ExportTask
from tasks.models import Job, KeptReply
from tests.support.fetchtozip import Answer, a_key, ask, configured
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


def start(key: str = "", *, idempotency_key: str = "k1", body: str = "") -> Answer:
    return ask(
        Client(), "POST", "start", body, key=key, Idempotency_Key=idempotency_key
    )


def test_the_second_start_is_the_firsts_reply(client: Client) -> None:
    configured(client)

    first, second = start(), start()

    assert (first.status, second.status) == (200, 200)
    assert second.body == first.body
    assert second.headers["Content-Type"] == "application/json"
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert ExportTask.objects.count() == Job.objects.count() == 1


def test_another_key_is_another_task(client: Client) -> None:
    configured(client)

    first, second = start(), start(idempotency_key="k2")

    assert first.json["task_id"] != second.json["task_id"]


def test_the_keys_of_two_callers_have_nothing_to_do_with_each_other(
    client: Client,
) -> None:
    keys = [a_key(name)[1] for name in ("alice", "bob")]
    for key in keys:
        configured(client, key)

    first, second = (start(key).json["task_id"] for key in keys)

    assert first != second


def test_the_same_key_with_another_body_is_a_422(client: Client) -> None:
    configured(client)
    start()

    reply = start(body="{}")

    assert reply.status == 422
    assert reply.detail == (
        "The Idempotency-Key was used before, with another request."
    )
    assert ExportTask.objects.count() == 1


@pytest.mark.parametrize("text", ["", "two words", "k" * 256])
def test_a_key_that_cannot_be_is_a_400(client: Client, text: str) -> None:
    configured(client)

    reply = start(idempotency_key=text)

    assert reply.status == 400
    assert reply.detail == (
        "Idempotency-Key should be 1 to 255 visible ASCII characters."
    )
    assert not ExportTask.objects.exists()


def test_a_refusal_is_not_kept(client: Client) -> None:
    refused = start()
    configured(client)

    accepted = start()

    assert (refused.status, accepted.status) == (400, 200)
    assert KeptReply.objects.count() == 1


def test_a_start_tells_how_many_more_there_may_be(client: Client) -> None:
    caller, key = a_key()
    caller.max_open_jobs = 2
    caller.save()
    configured(client, key)

    first = start(key)
    replayed = start(key)
    second = ask(client, "POST", "start", key=key)
    refused = ask(client, "POST", "start", key=key)

    assert first.headers["RateLimit-Policy"] == '"open-jobs";q=2'
    assert first.headers["RateLimit"] == '"open-jobs";r=1'
    assert "RateLimit" not in replayed.headers
    assert second.headers["RateLimit"] == '"open-jobs";r=0'
    later = refused.headers["Retry-After"]
    assert (refused.status, refused.headers["RateLimit"]) == (
        429,
        f'"open-jobs";r=0;t={later}',
    )


def test_a_page_may_send_a_key(client: Client) -> None:
    reply = ask(
        client,
        "OPTIONS",
        "start",
        Origin="https://pages.example",
        Access_Control_Request_Headers="Idempotency-Key",
    )

    assert reply.headers["Access-Control-Allow-Headers"] == (
        "authorization, content-type, idempotency-key"
    )


@pytest.mark.django_db(transaction=True)
def test_sixteen_starts_with_one_key_are_one_task() -> None:
    configured(Client())

    replies = at_once(16, start)

    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1
    assert ExportTask.objects.count() == Job.objects.count() == 1
    replayed = [reply.headers.get("Idempotent-Replayed") for reply in replies]
    assert replayed.count("true") == 15
