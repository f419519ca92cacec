"""Who may export, and what belongs to whom."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tasks.models import ApiKey
from tasks.models import Client as Caller
from tests.support.fetchtozip import (
    ROWS,
    a_key,
    ask,
    configured,
    ended,
    started,
)

ENDPOINTS = [
    ("POST", "inputs"),
    ("POST", "bulk-inputs"),
    ("GET", "inputs-list"),
    ("DELETE", "inputs-clear"),
    ("POST", "configure"),
    ("POST", "preview"),
    ("POST", "start"),
    ("GET", "status/task_00000000000000000000000000000000"),
    ("DELETE", "cancel/task_00000000000000000000000000000000"),
    ("GET", "download/task_00000000000000000000000000000000"),
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def _shut(settings: Settings) -> None:
    settings.EXPORT_OPEN = False


def test_anonymous_callers_share_one_client(client: Client) -> None:
    ask(client, "POST", "inputs", {"name": "a"})

    reply = ask(Client(), "GET", "inputs-list")

    assert reply.json["count"] == 1
    assert [caller.name for caller in Caller.objects.all()] == ["anonymous"]


@pytest.mark.usefixtures("_shut")
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_without_a_key_nothing_is_told_where_one_is_needed(
    client: Client, method: str, path: str
) -> None:
    reply = ask(client, method, path)

    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == "Token"
    assert reply.body == b'{"detail":"Not authenticated"}'
    assert not Caller.objects.exists()


@pytest.mark.parametrize("open_to_all", [True, False])
@pytest.mark.parametrize(
    "kind", ["nonsense", "empty", "other scope", "revoked", "expired", "no client"]
)
def test_a_bad_key_is_refused_also_where_none_is_needed(
    client: Client, settings: Settings, kind: str, open_to_all: bool
) -> None:
    settings.EXPORT_OPEN = open_to_all
    caller, key = a_key(scope="datasets" if kind == "other scope" else "export")
    at = timezone.now() - timedelta(seconds=1)
    if kind == "revoked":
        ApiKey.objects.update(revoked_at=at)
    if kind == "expired":
        ApiKey.objects.update(expires_at=at)
    if kind == "no client":
        caller.revoked_at = at
        caller.save()
    text = {"nonsense": "ep_no", "empty": ""}.get(kind, key)

    reply = ask(client, "GET", "inputs-list", Authorization=f"token {text}")

    assert reply.status == 401
    assert reply.detail == "Not authenticated"


@pytest.mark.usefixtures("_shut")
@pytest.mark.parametrize("scheme", ["token", "Token", "TOKEN"])
def test_a_key_of_the_scope_opens_the_door(client: Client, scheme: str) -> None:
    _, key = a_key()

    reply = ask(client, "GET", "inputs-list", Authorization=f"{scheme} {key}")

    assert reply.status == 200


def test_another_scheme_is_not_ours(client: Client, settings: Settings) -> None:
    open_ = ask(client, "GET", "inputs-list", Authorization="Basic YTpi")
    settings.EXPORT_OPEN = False
    shut = ask(client, "GET", "inputs-list", Authorization="Basic YTpi")

    assert (open_.status, shut.status) == (200, 401)


def test_staff_can_shut_anonymous_callers_out(client: Client) -> None:
    ask(client, "GET", "inputs-list")
    Caller.objects.filter(name="anonymous").update(revoked_at=timezone.now())

    assert ask(client, "GET", "inputs-list").status == 401


def test_each_caller_has_inputs_and_a_configuration_of_its_own(client: Client) -> None:
    _, alice = a_key("alice")
    _, bob = a_key("bob")
    configured(client, alice)
    ask(client, "POST", "inputs", {"name": "b"}, key=bob)

    assert ask(client, "GET", "inputs-list", key=alice).json["inputs"] == ROWS
    assert ask(client, "POST", "start", key=bob).detail.startswith("No configuration")
    ask(client, "DELETE", "inputs-clear", key=bob)
    assert ask(client, "GET", "inputs-list", key=alice).json["count"] == 1


@pytest.mark.django_db(transaction=True)
def test_anothers_task_is_not_found(client: Client) -> None:
    _, alice = a_key("alice")
    _, bob = a_key("bob")
    done = ended(client, alice)
    waiting = started(client, alice)

    for key in (bob, ""):
        for task_id in (done, waiting):
            for method, action in (
                ("GET", "status"),
                ("DELETE", "cancel"),
                ("GET", "download"),
                ("HEAD", "download"),
            ):
                reply = ask(client, method, f"{action}/{task_id}", key=key)
                assert reply.status == 404
    assert ask(client, "GET", f"status/{waiting}", key=alice).status == 200
    assert ask(client, "GET", f"download/{done}", key=alice).status == 200
