"""Methods, unknown paths, and pages of other origins."""

import pytest
from django.test import Client
from pytest_django import Settings

from tests.support.common import ASSETS, RESULT, START, TASK, Api

pytestmark = pytest.mark.django_db

ALLOWED = [
    (TASK, "GET, POST, DELETE, HEAD, OPTIONS"),
    (ASSETS, "POST, OPTIONS"),
    (START, "POST, OPTIONS"),
    (RESULT, "GET, HEAD, OPTIONS"),
    ("/api/v1/status", "GET, HEAD, OPTIONS"),
]


@pytest.mark.parametrize(("path", "allowed"), ALLOWED)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "BREW"])
def test_other_methods_are_told_which_there_are(
    client: Client, path: str, allowed: str, method: str
) -> None:
    reply = Api(client).ask(method, path)

    assert reply.status == 405
    assert set(reply.headers["Allow"].split(", ")) == set(allowed.split(", "))
    assert method in reply.refusal


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/tasks",
        "/api/v1/task/",
        "/api/v1/task/7",
        "/api/v1/task/start/",
        "/api/v1/x%00y",
        "/api/v1/%ff",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_paths_are_not_found_in_the_envelope(
    client: Client, method: str, path: str
) -> None:
    reply = Api(client).ask(method, path)

    assert reply.status == 404
    assert reply.refusal == "There is nothing here: see the paths below /api/v1."


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense"])
def test_replies_are_json_whatever_else_would_be_liked(alice: Api, accept: str) -> None:
    reply = alice.ask("POST", f"{TASK}?format=xml", Accept=accept)

    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"


def test_pages_of_allowed_origins_may_call(alice: Api, settings: Settings) -> None:
    settings.CORS_ORIGINS = ["https://shop.example"]
    origin = "https://shop.example"

    asked = alice.ask(
        "OPTIONS",
        ASSETS,
        Origin=origin,
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="authorization, idempotency-key",
    )
    reply = alice.ask("POST", TASK, Origin=origin)
    other = alice.ask("POST", TASK, Origin="https://evil.example")

    assert asked.status == 200
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    named = asked.headers["Access-Control-Allow-Headers"]
    assert {"authorization", "idempotency-key"} <= set(named.split(", "))
    assert reply.headers["Access-Control-Allow-Origin"] == origin
    assert "Access-Control-Allow-Origin" not in other.headers


def test_replies_tell_the_quota(alice: Api) -> None:
    task_id = alice.create()
    asset = {"file_name": "a", "attributes": {}, "download_url": "http://files.test/a"}

    reply = alice.announce(task_id, asset)

    assert "RateLimit" in reply.headers
