"""Every page has a policy that lets nothing in from elsewhere, and nothing inline."""

import pytest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client
from pytest_django import Settings

from config.csp import content_security_policy

HEADER = "Content-Security-Policy"


def answered(reply: HttpResponse) -> HttpResponse:
    answer = content_security_policy(lambda _: reply)(HttpRequest())
    assert isinstance(answer, HttpResponse)
    return answer


def test_a_page_may_load_only_from_here_and_run_nothing_inline() -> None:
    policy = answered(HttpResponse("<p>"))[HEADER]

    parts = dict(part.split(" ", 1) for part in policy.split("; "))
    assert parts["default-src"] == "'none'"
    assert parts["script-src"] == "'self'"
    assert parts["style-src"] == "'self'"
    assert parts["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_reply_that_has_its_own_policy_keeps_it() -> None:
    own = HttpResponse("<p>", headers={HEADER: "sandbox"})

    assert answered(own)[HEADER] == "sandbox"


def test_what_is_no_page_has_none() -> None:
    assert HEADER not in answered(JsonResponse({}))


@pytest.mark.parametrize(("status", "has"), [(200, True), (404, False), (500, False)])
def test_reports_for_developers_are_let_be(
    settings: Settings, status: int, has: bool
) -> None:
    settings.DEBUG = True

    assert (HEADER in answered(HttpResponse("<p>", status=status))) is has


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/datasets/nobody", "/export/new", "/admin/login/", "/no/such/page"]
)
def test_pages_and_the_admin_have_it(client: Client, path: str) -> None:
    reply = client.get(path, headers={"Accept": "text/html"})

    assert "script-src 'self'" in reply.headers[HEADER]
