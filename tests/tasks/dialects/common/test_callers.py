"""Who may call: what each door says to those who may not."""

import pytest
from django.test import Client
from pytest_django import Settings

from tasks.oidc import provider
from tests.support.common import (
    ASSETS,
    NOBODYS,
    RESULT,
    START,
    TASK,
    Api,
    Issuer,
)

pytestmark = pytest.mark.django_db

DOORS = [
    ("POST", TASK),
    ("GET", f"{TASK}?id={NOBODYS}"),
    ("DELETE", f"{TASK}?id={NOBODYS}"),
    ("POST", ASSETS),
    ("POST", f"{START}?id={NOBODYS}"),
    ("GET", f"{RESULT}?id={NOBODYS}"),
]
every_door = pytest.mark.parametrize(("method", "path"), DOORS)


@every_door
@pytest.mark.parametrize("header", ["", "Basic YTpi", "token ep_x", "Bearer"])
def test_without_a_token_no_door_opens(
    client: Client, issuer: Issuer, method: str, path: str, header: str
) -> None:
    reply = Api(client).ask(method, path, Authorization=header)

    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    assert "token" in reply.refusal


@every_door
def test_a_token_of_another_key_opens_no_door(
    client: Client, issuer: Issuer, method: str, path: str
) -> None:
    head, claims, _ = issuer.token().split(".")
    forged = f"{head}.{claims}.{'A' * 86}"

    reply = Api(client, forged).ask(method, path)

    assert reply.status == 401
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]
    assert forged not in reply.refusal


@every_door
def test_a_door_says_which_scope_it_needs(
    client: Client, issuer: Issuer, method: str, path: str
) -> None:
    scope = "read" if method == "GET" else "write"
    other = {"read": "write", "write": "read"}[scope]

    reply = Api(client, issuer.token(scope=other)).ask(method, path)

    assert reply.status == 403
    assert f'scope="{scope}"' in reply.headers["WWW-Authenticate"]
    assert scope in reply.refusal


@every_door
def test_a_provider_that_does_not_answer_is_a_reason_to_come_later(
    client: Client, issuer: Issuer, settings: Settings, method: str, path: str
) -> None:
    token = issuer.token()
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    provider.forget()

    reply = Api(client, token).ask(method, path)

    assert reply.status == 503
    assert int(reply.headers["Retry-After"]) > 0
    assert "provider" in reply.refusal


def test_a_client_that_was_revoked_is_nobody(client: Client, issuer: Issuer) -> None:
    api = Api(client, issuer.token())
    task_id = api.create()
    caller = issuer.client()
    caller.revoked_at = caller.created_at
    caller.save()

    assert api.ask("GET", f"{TASK}?id={task_id}").status == 401


@every_door
def test_a_token_is_asked_for_before_anything_is_read(
    client: Client, issuer: Issuer, method: str, path: str
) -> None:
    without = path.partition("?")[0]

    reply = Api(client).ask(method, without, b"no json")

    assert reply.status == 401
