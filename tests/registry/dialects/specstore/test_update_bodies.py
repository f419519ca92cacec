"""POST /source/update: what a body may be, and what becomes of one that may not."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from registry.models import Pipeline
from tests.support.callbacks import states, tell, upload_elsewhere
from tests.support.specstore import revision_of

pytestmark = pytest.mark.django_db
ID = "me/id/1"
REPORT, ZIP = f"{ID}/validation_report", f"{ID}/id_zip"
RUNNING = {"errors": [], "id": ID, "status": "running", "success": "pending"}
EMPTY = "Received empty contents (make sure your content-type is correct)"


@pytest.fixture(autouse=True)
def _elsewhere(settings: Settings) -> None:
    settings.PIPELINE_RUNNER = "external"
    settings.SOURCE_UPDATE_OPEN = True
    settings.DPP_URL = ""


@pytest.mark.parametrize("key", ["pipeline_id", "pipeline"])
@pytest.mark.parametrize("prefix", ["", "./"])
def test_the_pipeline_may_be_named_in_both_ways(
    client: Client, key: str, prefix: str
) -> None:
    upload_elsewhere(client)

    answer = tell(client, {key: f"{prefix}{REPORT}", "event": "start"})

    assert answer == RUNNING
    assert states(ID)["validation_report"] == "inprogress"


def test_of_both_keys_the_real_runners_counts(client: Client) -> None:
    upload_elsewhere(client)

    tell(client, {"pipeline": ZIP, "pipeline_id": REPORT, "event": "start"})

    assert states(ID) == {
        "validation_report": "inprogress",
        "id_zip": "queued",
        "": "queued",
    }


def test_an_id_is_any_text_of_up_to_256_characters(client: Client) -> None:
    upload_elsewhere(client)
    odd = "me/id:csv ünï/" + "x" * 242
    Pipeline.objects.filter(pipeline_id=REPORT).update(pipeline_id=odd)

    assert tell(client, {"pipeline_id": odd, "event": "start"})["status"] == "running"


@pytest.mark.parametrize(
    ("body", "content_type", "error"),
    [
        ("", "application/json", EMPTY),
        ("null", "application/json", EMPTY),
        ('{"pipeline_id": "a", "event": "queue"}', "text/plain", EMPTY),
        ("pipeline_id=a&event=queue", "application/x-www-form-urlencoded", EMPTY),
        ("{}", "application/json", "Missing pipeline"),
        ("[]", "application/json", "Missing pipeline"),
        ('"text"', "application/json", "Missing pipeline"),
        ("7", "application/json", "Missing pipeline"),
        ('{"event": "queue"}', "application/json", "Missing pipeline"),
        (
            '{"pipeline_id": 7, "event": "queue"}',
            "application/json",
            "Missing pipeline",
        ),
        ('{"pipeline_id": "", "event": ""}', "application/json", "Missing pipeline"),
        ('{"pipeline_id": "a"}', "application/json", "Missing event"),
        ('{"pipeline": "a", "event": null}', "application/json", "Missing event"),
        ('{"pipeline": "a", "event": 5}', "application/json", "Missing event"),
    ],
)
def test_a_body_that_cannot_be_used_is_answered_with_200_all_the_same(
    client: Client, body: str, content_type: str, error: str
) -> None:
    reply = client.generic(
        "POST", "/source/update", data=body, content_type=content_type
    )

    assert reply.status_code == 200
    assert reply.json() == {
        "errors": [error],
        "id": None,
        "status": None,
        "success": "fail",
    }


@pytest.mark.parametrize("body", ["{", '{"pipeline_id": NaN}', b"\xff", '"\\ud800"'])
def test_malformed_json_is_a_bad_request(client: Client, body: str | bytes) -> None:
    reply = client.generic(
        "POST", "/source/update", data=body, content_type="application/json"
    )

    assert reply.status_code == 400
    assert reply.json()["status"] is None


def test_a_body_over_the_limit_is_answered_with_200(
    client: Client, settings: Settings
) -> None:
    settings.MAX_BODY_MB = 1
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20

    answer = tell(client, json.dumps({"log": "x" * (1 << 20)}))

    assert answer["errors"] == ["The body is larger than 1 MB."]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/source/update", "/source/update/any"])
def test_other_methods_are_not_allowed(client: Client, method: str, path: str) -> None:
    reply = client.generic(method, path)

    assert reply.status_code == 405
    assert reply.headers["Allow"] == "POST, OPTIONS"


def test_a_preflight_is_answered(client: Client, settings: Settings) -> None:
    settings.CORS_ORIGINS = ["https://datahub.io"]

    reply = client.options("/source/update", headers={"Origin": "https://datahub.io"})

    assert reply.status_code == 200
    assert reply.headers["Access-Control-Allow-Origin"] == "https://datahub.io"
    assert reply.headers["Access-Control-Allow-Credentials"] == "true"
    assert reply.headers["Access-Control-Allow-Headers"] == "auth-token"


DEEP: Any = json.loads("[" * 200 + "]" * 200)


@pytest.mark.parametrize(
    ("field", "value", "column", "kept"),
    [
        ("log", "one line", "logs", ["one line"]),
        (
            "log",
            ["a\0b", 7, None, {"a": 1}],
            "logs",
            ["a\ufffdb", "7", "null", '{"a":1}'],
        ),
        ("log", {"a": 1}, "logs", ['{"a":1}']),
        ("log", [DEEP], "logs", ["?"]),
        ("errors", "why", "error_log", ["why"]),
        ("errors", 0, "error_log", []),
        ("stats", {"a": {"b": [1, None, 2.5]}}, "stats", {"a": {"b": [1, None, 2.5]}}),
        ("stats", [1], "stats", None),
        ("stats", "x", "stats", None),
        ("stats", {"a": DEEP}, "stats", None),
        ("stats", {"a": 10**30}, "stats", None),
        ("stats", {"a": "\0"}, "stats", None),
    ],
)
def test_odd_fields_cost_no_runner_its_message(
    client: Client, field: str, value: object, column: str, kept: object
) -> None:
    upload_elsewhere(client)

    answer = tell(client, {"pipeline_id": REPORT, "event": "start", field: value})

    assert answer["status"] == "running"
    assert revision_of(client, ID)["state"] == "INPROGRESS"
    assert revision_of(client, ID)[column] == kept
