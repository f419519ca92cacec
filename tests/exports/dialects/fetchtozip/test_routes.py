"""Exact paths and methods, in FastAPI's words; pages of other origins; CSRF."""

import pytest
from django.test import Client
from pytest_django import Settings

from tests.support.fetchtozip import ask

PATHS = {
    "inputs": "POST",
    "bulk-inputs": "POST",
    "inputs-list": "GET",
    "inputs-clear": "DELETE",
    "configure": "POST",
    "preview": "POST",
    "start": "POST",
    "status/x": "GET",
    "cancel/x": "DELETE",
    "download/x": "GET",
}
ORIGIN = "https://app.example"

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("path", PATHS)
def test_other_methods_are_not_allowed(
    client: Client, settings: Settings, path: str, method: str
) -> None:
    settings.EXPORT_OPEN = False  # the path is looked at before the caller
    if method == PATHS[path]:
        return

    reply = ask(client, method, path)

    assert reply.status == 405
    assert reply.body == b'{"detail":"Method Not Allowed"}'
    allowed = reply.headers["Allow"].split(", ")
    assert PATHS[path] in allowed
    assert method not in allowed


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    [
        *("", "inputs/", "inputs-list/", "start/", "nothing", "status", "status/"),
        *("status/a/b", "cancel", "download/", "ws/x", "Inputs", "../source"),
    ],
)
def test_other_paths_are_not_found(client: Client, path: str, method: str) -> None:
    reply = ask(client, method, path)

    assert reply.status == 404
    assert reply.body == b'{"detail":"Not Found"}'


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "x", ""])
def test_json_is_the_answer_whatever_is_accepted(client: Client, accept: str) -> None:
    reply = ask(client, "GET", "inputs-list?format=html", Accept=accept)

    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"


def test_pages_of_allowed_origins_may_call(client: Client, settings: Settings) -> None:
    settings.CORS_ORIGINS = [ORIGIN]

    mine = ask(client, "GET", "inputs-list", Origin=ORIGIN)
    missing = ask(client, "GET", "status/x", Origin=ORIGIN)
    nowhere = ask(client, "GET", "nothing", Origin=ORIGIN)
    other = ask(client, "GET", "inputs-list", Origin="https://evil.example")

    for reply in (mine, missing, nowhere):
        assert reply.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert reply.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Access-Control-Allow-Origin" not in other.headers


def test_a_page_may_ask_before_it_posts(client: Client, settings: Settings) -> None:
    settings.CORS_ORIGINS = [ORIGIN]
    settings.EXPORT_OPEN = False

    reply = ask(
        client,
        "OPTIONS",
        "configure",
        Origin=ORIGIN,
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="authorization, content-type",
    )

    assert reply.status == 200
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]
    assert reply.headers["Access-Control-Allow-Headers"] == (
        "authorization, content-type"
    )


def test_no_csrf_token_is_asked_for() -> None:
    strict = Client(enforce_csrf_checks=True)

    assert ask(strict, "POST", "inputs", {"name": "a"}).status == 200
