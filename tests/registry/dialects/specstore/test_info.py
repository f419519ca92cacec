"""GET /source/{owner}/{dataset}/{revision} (contract 3.1.2)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from registry.models import Dataset, Pipeline, Revision
from registry.states import RunState
from tests.support.specstore import spec_of, table, uploaded

NOT_FOUND = {"error": "Not Found"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def spec() -> dict[str, Any]:
    return spec_of(table("a", "http://example.com/a.csv"))


def test_a_new_revision_is_queued_and_no_pipeline_was_heard_of(
    client: Client, spec: dict[str, Any]
) -> None:
    with time_machine.travel(datetime(2026, 11, 21, 3, 31, 22, 5, UTC), tick=False):
        uploaded(client, spec)

    reply = client.get("/source/me/id/1")

    spec["meta"] |= {
        "create_time": "2026-11-21T03:31:22.000005",
        "update_time": "2026-11-21T03:31:22.000005",
    }
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json() == {
        "certified": None,
        "error_log": [],
        "id": "me/id/1",
        "logs": None,
        "modified": "2026-11-21T03:31:22.000005",
        "pipelines": {},
        "spec_contents": spec,
        "state": "QUEUED",
        "stats": None,
    }


def test_keys_are_sorted_at_every_depth(client: Client, spec: dict[str, Any]) -> None:
    uploaded(client, spec)

    def check(pairs: list[tuple[str, Any]]) -> None:
        keys = [key for key, _ in pairs]
        assert keys == sorted(keys)

    json.loads(client.get("/source/me/id/1").content, object_pairs_hook=check)


def test_reported_pipelines_are_shown_by_their_ids(
    client: Client, spec: dict[str, Any]
) -> None:
    uploaded(client, spec)
    heard = Pipeline.objects.filter(pipeline_id__in=("me/id/1/a", "me/id/1/a_csv"))
    heard.update(reported=True, state=RunState.INPROGRESS)
    heard.filter(pipeline_id="me/id/1/a").update(
        state=RunState.FAILED, stats={"bytes": 5}, error_log=["broken"]
    )

    pipelines = client.get("/source/me/id/1").json()["pipelines"]

    assert pipelines == {
        "me/id/1/a": {
            "error_log": ["broken"],
            "stats": {"bytes": 5},
            "status": "FAILED",
            "title": "Copying source data",
        },
        "me/id/1/a_csv": {
            "error_log": None,
            "stats": {},
            "status": "INPROGRESS",
            "title": "Creating CSV",
        },
    }


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (RunState.QUEUED, "QUEUED"),
        (RunState.INPROGRESS, "INPROGRESS"),
        (RunState.SUCCEEDED, "SUCCEEDED"),
        (RunState.FAILED, "FAILED"),
    ],
)
def test_states_are_told_in_the_contracts_words(
    client: Client, spec: dict[str, Any], ours: RunState, theirs: str
) -> None:
    uploaded(client, spec)
    Revision.objects.update(state=ours)

    assert client.get("/source/me/id/1").json()["state"] == theirs


@pytest.mark.parametrize("certified", [None, True, False])
def test_certified_is_the_datasets(
    client: Client, spec: dict[str, Any], certified: bool | None
) -> None:
    uploaded(client, spec)
    Dataset.objects.update(certified=certified)

    assert client.get("/source/me/id/1").json()["certified"] is certified


def test_latest_and_successful_are_the_newest_of_their_kind(
    client: Client, spec: dict[str, Any]
) -> None:
    for _ in range(12):
        uploaded(client, spec)
    states = {2: RunState.SUCCEEDED, 10: RunState.SUCCEEDED, 11: RunState.FAILED}
    for number, state in states.items():
        Revision.objects.filter(number=number).update(state=state)

    assert client.get("/source/me/id/latest").json()["id"] == "me/id/12"
    assert client.get("/source/me/id/successful").json()["id"] == "me/id/10"
    assert client.get("/source/me/id/9").json()["id"] == "me/id/9"


def test_an_old_revision_keeps_its_own_spec(client: Client) -> None:
    first, second = spec_of(), spec_of(table("a", "http://example.com/a.csv"))
    uploaded(client, first)
    uploaded(client, second)

    def resources(word: str) -> Any:
        spec = client.get(f"/source/me/id/{word}").json()["spec_contents"]
        return spec["inputs"][0]["parameters"]["descriptor"]["resources"]

    assert resources("1") == []
    assert [one["name"] for one in resources("latest")] == ["a"]


@pytest.mark.parametrize(
    "path",
    [
        "/source/me/id/2",
        "/source/me/id/0",
        "/source/me/id/-1",
        "/source/me/id/1.0",
        "/source/me/id/one",
        "/source/me/id/Latest",
        "/source/me/id/successful",
        "/source/me/id/99999999999999999999999",
        "/source/me/id/%D9%A1",
        "/source/me/id/%00",
        "/source/me/id/1%00",
        "/source/me/%00/latest",
        "/source/%00/id/latest",
        "/source/me/other/latest",
        "/source/you/id/latest",
        "/source/Me/id/1",
        "/source/m%25/id/latest",
        "/source/%ff%fe/id/latest",
        f"/source/{'x' * 5000}/id/latest",
        "/source/me/id/1/",
        "/source/me/id/1/more",
        "/source/me//1",
    ],
)
def test_what_is_not_there_is_not_found_in_json(client: Client, path: str) -> None:
    uploaded(client, spec_of())

    reply = client.get(path)

    assert reply.status_code == 404
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json() == NOT_FOUND


def test_names_of_other_scripts_are_found(client: Client) -> None:
    uploaded(client, spec_of(owner="мария", dataset="数据.v2"))

    assert client.get("/source/мария/数据.v2/1").json()["id"] == "мария/数据.v2/1"


def test_no_token_is_needed_even_for_a_private_dataset(client: Client) -> None:
    spec = spec_of()
    spec["meta"]["findability"] = "private"
    uploaded(client, spec)

    assert client.get("/source/me/id/1").status_code == 200


def test_head_is_get_without_its_body(client: Client, spec: dict[str, Any]) -> None:
    uploaded(client, spec)

    reply = client.head("/source/me/id/latest")

    assert (reply.status_code, reply.content) == (200, b"")
    assert client.head("/source/me/id/7").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_allowed(client: Client, method: str) -> None:
    uploaded(client, spec_of())

    reply = client.generic(method, "/source/me/id/1")

    assert reply.status_code == 405
    assert "GET" in reply.headers["Allow"]


@pytest.mark.parametrize("accept", ["text/html", "image/png", "nonsense", "*/*;q=2,;"])
def test_what_the_client_accepts_does_not_matter(client: Client, accept: str) -> None:
    uploaded(client, spec_of())

    reply = client.get("/source/me/id/1?format=xml", headers={"Accept": accept})

    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json()["id"] == "me/id/1"


def test_a_reply_takes_three_queries_at_most_however_many_pipelines(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    many = [table(f"t{n}", f"http://example.com/{n}.csv") for n in range(20)]
    uploaded(client, spec_of(*many))
    Pipeline.objects.update(reported=True)

    with django_assert_max_num_queries(3):
        reply = client.get("/source/me/id/latest")

    assert len(reply.json()["pipelines"]) == 20 * 5 + 3 - 20


@pytest.mark.parametrize("path", ["/source/me/id/latest", "/source/upload"])
def test_a_preflight_names_an_allowed_origin(
    client: Client, settings: Settings, path: str
) -> None:
    settings.CORS_ORIGINS = ["https://datahub.example"]

    reply = client.options(
        path,
        headers={
            "Origin": "https://datahub.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "auth-token",
        },
    )

    assert reply.status_code == 200
    assert reply.headers["Access-Control-Allow-Origin"] == "https://datahub.example"
    assert reply.headers["Access-Control-Allow-Credentials"] == "true"
    assert reply.headers["Access-Control-Allow-Headers"] == "auth-token"
    assert "Origin" in reply.headers["Vary"]


def test_a_page_may_upload_json_with_its_token(
    client: Client, settings: Settings
) -> None:
    """No browser sends a JSON content type across origins unless it may."""
    settings.CORS_ORIGINS = ["*"]

    reply = client.options(
        "/source/upload",
        headers={
            "Origin": "https://datahub.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "Auth-Token,content-type,x-evil",
        },
    )

    allowed = reply.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert allowed == ["auth-token", "content-type"]
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]


def test_an_origin_that_is_not_allowed_is_not_named(
    client: Client, settings: Settings
) -> None:
    settings.CORS_ORIGINS = ["https://datahub.example"]
    uploaded(client, spec_of())

    for origin in ("https://evil.example", "https://datahub.example.evil", "null"):
        reply = client.get("/source/me/id/latest", headers={"Origin": origin})

        assert reply.status_code == 200
        assert "Access-Control-Allow-Origin" not in reply.headers


def test_a_refusal_too_can_be_read_across_origins(
    client: Client, settings: Settings
) -> None:
    settings.CORS_ORIGINS = ["*"]

    reply = client.get("/source/me/id/7", headers={"Origin": "https://a.example"})

    assert reply.status_code == 404
    assert reply.headers["Access-Control-Allow-Origin"] == "https://a.example"
