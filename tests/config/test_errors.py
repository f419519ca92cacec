"""What no door claims: a page for a browser, JSON for all others."""

import pytest
from django.test import Client, RequestFactory

from config import errors

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_a_browser_sees_a_page_where_there_is_nothing(client: Client) -> None:
    reply = client.get("/no/such/page", headers=BROWSER)

    assert reply.status_code == 404
    assert "<h1>There is nothing here</h1>" in reply.content.decode()


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_a_program_gets_json(client: Client, accept: str) -> None:
    reply = client.get("/no/such/page", headers={"Accept": accept})

    assert (reply.status_code, reply.json()) == (404, {"error": "Not Found"})


def test_our_faults_are_told_to_each_in_its_way() -> None:
    factory = RequestFactory()

    page = errors.server_error(factory.get("/", headers=BROWSER))
    json = errors.server_error(factory.get("/"))

    assert page.status_code == json.status_code == 500
    assert "<h1>Something went wrong on our side</h1>" in page.content.decode()
    assert json.content == b'{"error": "Internal Server Error"}'


def test_what_is_forbidden_is_told_to_each_in_its_way() -> None:
    factory = RequestFactory()

    page = errors.forbidden(factory.get("/", headers=BROWSER), PermissionError())
    json = errors.csrf_failure(factory.get("/"), "no cookie")

    assert page.status_code == json.status_code == 403
    assert "<h1>You may not do this</h1>" in page.content.decode()
    assert json.content == b'{"error": "Forbidden"}'
