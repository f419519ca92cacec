"""Who may use the jobs API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tasks.models import ApiKey
from tests.support.jobsapi import NOBODYS, a_key, ask

pytestmark = pytest.mark.django_db
ENDPOINTS = [
    ("GET", "/jobs"),
    ("GET", f"/jobs/{NOBODYS}"),
    ("DELETE", f"/jobs/{NOBODYS}"),
    ("GET", f"/jobs/{NOBODYS}/events"),
    ("POST", f"/jobs/{NOBODYS}/retry"),
]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_without_a_key_nothing_is_told(method: str, path: str) -> None:
    reply = ask(method, path)

    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="jobs"'
    assert reply.problem == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": 'An API key of the scope "jobs" is needed.',
        "instance": path,
    }


@pytest.mark.parametrize("scheme", ["token", "Token", "Bearer", "BEARER"])
def test_a_key_is_taken_in_either_scheme(scheme: str) -> None:
    _, key = a_key()

    assert ask("GET", "/jobs", Authorization=f"{scheme} {key}").status == 200


@pytest.mark.parametrize(
    "kind", ["nonsense", "empty", "scheme", "scope", "revoked", "expired", "client"]
)
def test_a_key_that_is_no_good_opens_nothing(kind: str) -> None:
    caller, key = a_key(scope="export" if kind == "scope" else "jobs")
    at = timezone.now() - timedelta(seconds=1)
    if kind == "revoked":
        ApiKey.objects.update(revoked_at=at)
    if kind == "expired":
        ApiKey.objects.update(expires_at=at)
    if kind == "client":
        caller.revoked_at = at
        caller.save()
    text = {"nonsense": "Bearer ep_no", "empty": "", "scheme": f"Basic {key}"}

    reply = ask("GET", "/jobs", Authorization=text.get(kind, f"Bearer {key}"))

    assert reply.status == 401


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/jobs", "GET, HEAD, OPTIONS"),
        ("POST", f"/jobs/{NOBODYS}", "GET, DELETE, HEAD, OPTIONS"),
        ("DELETE", f"/jobs/{NOBODYS}/events", "GET, HEAD, OPTIONS"),
        ("GET", f"/jobs/{NOBODYS}/retry", "POST, OPTIONS"),
    ],
)
def test_another_method_is_a_problem_that_names_those_there_are(
    method: str, path: str, allowed: str
) -> None:
    reply = ask(method, path)

    assert reply.status == 405
    assert reply.headers["Allow"] == allowed
    assert reply.problem["title"] == "Method Not Allowed"
