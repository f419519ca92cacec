"""GET /api/v1/result."""

import pytest
from django.test import Client
from pytest_django import Settings

from tasks.archive.stored import store
from tasks.models import Phase, ResultType
from tests.support.common import (
    NOBODYS,
    RESULT,
    Api,
    Issuer,
    put_phase,
    put_result,
    put_website,
)
from tests.support.stores import lose_store

# The end of a download lets go of the database, which is then opened anew.
pytestmark = pytest.mark.django_db(transaction=True)

ZIP = b"PK\x05\x06" + bytes(18)
GEOJSON = b'{"type": "FeatureCollection", "features": []}'


def a_stream(alice: Api, name: str = "task.zip") -> str:
    task_id = alice.create()
    put_result(
        task_id, ZIP, name, type_=ResultType.STREAM, media_type="application/zip"
    )
    return task_id


def a_json(alice: Api) -> str:
    task_id = alice.create()
    put_result(
        task_id,
        GEOJSON,
        "catalogue.geojson",
        type_=ResultType.JSON,
        media_type="application/geo+json",
    )
    return task_id


def test_a_stream_is_a_download_with_a_name(alice: Api) -> None:
    reply = alice.ask("GET", f"{RESULT}?id={a_stream(alice)}")

    assert (reply.status, reply.body) == (200, ZIP)
    assert reply.headers["Content-Type"] == "application/octet-stream"
    named = 'attachment; filename="task.zip"'
    assert reply.headers["Content-Disposition"] == named
    assert reply.headers["Content-Length"] == "22"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "private"


def test_a_part_of_a_stream_can_be_fetched(alice: Api) -> None:
    url = f"{RESULT}?id={a_stream(alice)}"

    part = alice.ask("GET", url, Range="bytes=2-3")
    beyond = alice.ask("GET", url, Range="bytes=22-")

    assert (part.status, part.body) == (206, b"\x05\x06")
    assert part.headers["Content-Range"] == "bytes 2-3/22"
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, "bytes */22")


def test_who_has_it_already_is_told_so(alice: Api) -> None:
    url = f"{RESULT}?id={a_stream(alice)}"
    etag = alice.ask("GET", url).headers["ETag"]

    again = alice.ask("GET", url, If_None_Match=etag)

    assert (again.status, again.body) == (304, b"")


def test_head_tells_how_large_it_is(alice: Api) -> None:
    reply = alice.ask("HEAD", f"{RESULT}?id={a_stream(alice)}")

    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["Content-Length"] == "22"


def test_a_json_result_is_the_body_itself(alice: Api) -> None:
    reply = alice.ask("GET", f"{RESULT}?id={a_json(alice)}")

    assert (reply.status, reply.body) == (200, GEOJSON)
    assert reply.headers["Content-Type"] == "application/json"


def test_a_website_is_a_permanent_url(alice: Api) -> None:
    task_id = alice.create()
    put_website(task_id, {"index.html": b"<p>"})

    reply = alice.ask("GET", f"{RESULT}?id={task_id}")

    url = f"http://testserver/results/{task_id}/index.html"
    assert reply.status == 200
    assert reply.json == {"success": True, "message": None, "data": {"url": url}}
    assert reply.headers["Location"] == url


def test_the_url_is_where_the_operator_says_this_service_is(
    alice: Api, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://entrepot.example"
    task_id = alice.create()
    put_website(task_id, {"index.html": b"<p>"})

    url = alice.ask("GET", f"{RESULT}?id={task_id}").data["url"]

    assert url == f"https://entrepot.example/results/{task_id}/index.html"


@pytest.mark.parametrize(
    "phase", [Phase.CREATED, Phase.DOWNLOADING, Phase.WAITING, Phase.PROCESSING]
)
def test_there_is_no_result_before_the_end(alice: Api, phase: Phase) -> None:
    task_id = alice.create()
    put_phase(task_id, phase)

    reply = alice.ask("GET", f"{RESULT}?id={task_id}")

    told = f"The task has no result yet: it is {phase}."
    assert (reply.status, reply.refusal) == (409, told)


def test_there_is_none_after_a_failure_and_the_reason_is_told(alice: Api) -> None:
    task_id = alice.create()
    put_phase(task_id, Phase.FAILED, message="None of 3 assets could be downloaded.")

    reply = alice.ask("GET", f"{RESULT}?id={task_id}")

    assert reply.status == 409
    assert reply.refusal == (
        "The task has no result, it is FAILED: None of 3 assets could be downloaded."
    )


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_that_is_gone_is_not_found(alice: Api, method: str) -> None:
    task_id = a_stream(alice)
    for digest in store().digests():
        store().delete(digest)

    reply = alice.ask(method, f"{RESULT}?id={task_id}")

    assert reply.status == 404
    if method == "GET":
        assert reply.refusal == "The result is no longer kept."


@pytest.mark.parametrize("type_", ["STREAM", "JSON", "WEBSITE"])
def test_a_result_that_is_kept_no_longer_is_not_found(alice: Api, type_: str) -> None:
    task_id = alice.create()
    put_phase(task_id, Phase.COMPLETED, result_type=type_)

    reply = alice.ask("GET", f"{RESULT}?id={task_id}")

    assert (reply.status, reply.refusal) == (404, "The result is no longer kept.")


def test_unknown_foreign_and_missing_tasks(alice: Api, bob: Api) -> None:
    task_id = a_stream(alice)

    unknown = bob.ask("GET", f"{RESULT}?id={NOBODYS}")
    foreign = bob.ask("GET", f"{RESULT}?id={task_id}")
    missing = bob.ask("GET", RESULT)

    assert [one.status for one in (unknown, foreign, missing)] == [404, 404, 400]
    assert unknown.body == foreign.body


def test_the_result_needs_the_scope_read(client: Client, issuer: Issuer) -> None:
    task_id = a_stream(Api(client, issuer.token()))
    writer = Api(client, issuer.token(scope="write"))

    assert writer.ask("GET", f"{RESULT}?id={task_id}").status == 403


def test_a_store_that_is_down_is_to_be_asked_again(
    alice: Api, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = a_stream(alice)
    lose_store(settings, monkeypatch)

    reply = alice.ask("GET", f"{RESULT}?id={task_id}")

    assert (reply.status, reply.headers["Retry-After"]) == (503, "10")
    assert reply.json["success"] is False
