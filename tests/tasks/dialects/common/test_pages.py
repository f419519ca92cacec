"""GET /results/{task_id}/{path}: websites, and what others put into them."""

import pytest
from django.test import Client

from tasks.models import Phase, ResultType
from tests.support.common import NOBODYS, Api, put_phase, put_result, put_website

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = {
    "index.html": b"<!doctype html><title>Gallery</title>",
    "style.css": b"p {}",
    "thumbnails/0.jpg": b"\xff\xd8\xff",
    "files/evil.html": b"<script>alert(1)</script>",
    "files/evil.svg": b"<svg onload='alert(1)'/>",
}


@pytest.fixture
def site(alice: Api) -> str:
    task_id = alice.create()
    put_website(task_id, PAGES)
    return f"/results/{task_id}"


@pytest.fixture
def anybody(client: Client) -> Api:
    return Api(client)


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("thumbnails/0.jpg", "image/jpeg"),
    ],
)
def test_anybody_who_knows_the_url_sees_what_we_made(
    site: str, anybody: Api, path: str, content_type: str
) -> None:
    reply = anybody.ask("GET", f"{site}/{path}")

    assert (reply.status, reply.body) == (200, PAGES[path])
    assert reply.headers["Content-Type"] == content_type
    assert reply.headers["Content-Disposition"].startswith("inline")


def test_a_page_runs_no_script_and_loads_nothing_from_elsewhere(
    site: str, anybody: Api
) -> None:
    headers = anybody.ask("GET", f"{site}/index.html").headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["files/evil.html", "files/evil.svg"])
def test_what_came_from_others_is_only_ever_downloaded(
    site: str, anybody: Api, path: str
) -> None:
    reply = anybody.ask("GET", f"{site}/{path}")

    assert (reply.status, reply.body) == (200, PAGES[path])
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert reply.headers["Content-Disposition"].startswith("attachment")
    assert reply.headers["Content-Security-Policy"].startswith("sandbox")


def test_parts_and_conditions_keep_the_safe_headers(site: str, anybody: Api) -> None:
    url = f"{site}/files/evil.html"
    etag = anybody.ask("GET", url).headers["ETag"]

    part = anybody.ask("GET", url, Range="bytes=0-7")
    known = anybody.ask("GET", url, If_None_Match=etag)

    assert (part.status, part.body) == (206, b"<script>")
    assert (known.status, known.body) == (304, b"")
    for reply in (part, known):
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize(
    "path",
    ["x.html", "../index.html", "thumbnails", "thumbnails/", "a%00b", "%ff", "%2e%2e/"],
)
def test_other_paths_are_not_found(site: str, anybody: Api, path: str) -> None:
    assert anybody.ask("GET", f"{site}/{path}").status == 404


@pytest.mark.parametrize("task_id", [NOBODYS, "7", "index.html"])
def test_unknown_tasks_have_no_pages(anybody: Api, task_id: str) -> None:
    assert anybody.ask("GET", f"/results/{task_id}/index.html").status == 404


def test_what_is_no_website_has_no_public_url(alice: Api, anybody: Api) -> None:
    task_id = alice.create()
    put_result(
        task_id,
        b"{}",
        "index.html",
        type_=ResultType.JSON,
        media_type="application/json",
    )

    assert anybody.ask("GET", f"/results/{task_id}/index.html").status == 404


def test_a_site_is_not_shown_while_it_is_made_anew(alice: Api, anybody: Api) -> None:
    task_id = alice.create()
    put_website(task_id, PAGES)
    put_phase(task_id, Phase.PROCESSING)

    paths = ["index.html", "thumbnails/0.jpg"]

    statuses = [anybody.ask("GET", f"/results/{task_id}/{one}").status for one in paths]
    assert statuses == [404, 404]


def test_a_deleted_task_has_no_pages(alice: Api, anybody: Api) -> None:
    task_id = alice.create()
    put_website(task_id, PAGES)

    alice.ask("DELETE", f"/api/v1/task?id={task_id}")

    for path in PAGES:
        assert anybody.ask("GET", f"/results/{task_id}/{path}").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_pages_can_only_be_read(site: str, anybody: Api, method: str) -> None:
    reply = anybody.ask(method, f"{site}/index.html")

    assert reply.status in {403, 405}
    if reply.status == 405:
        assert reply.headers["Allow"] == "GET, HEAD"
