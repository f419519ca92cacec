"""POST /source/update: each line of contract 3.1.6 as a request and its reply."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from registry.models import Pipeline, Revision
from tasks.models import Job
from tests.support.callbacks import (
    NOT_FOUND,
    RUN_LOG,
    STATS,
    TRACEBACK,
    failed,
    revision_row,
    run_of,
    states,
    tell,
    upload_elsewhere,
)
from tests.support.specstore import Json, revision_of, spec_of, uploaded

pytestmark = pytest.mark.django_db
ID = "me/id/1"
REPORT, ZIP = f"{ID}/validation_report", f"{ID}/id_zip"


@pytest.fixture(autouse=True)
def _elsewhere(settings: Settings) -> None:
    settings.PIPELINE_RUNNER = "external"
    settings.SOURCE_UPDATE_OPEN = True
    settings.DPP_URL = ""


def said(status: str, success: str, *errors: str, id_: str = ID) -> Json:
    return {"errors": list(errors), "id": id_, "status": status, "success": success}


def test_a_reply_is_literally_this(client: Client) -> None:
    upload_elsewhere(client)

    reply = client.post(
        "/source/update",
        data=b'{"pipeline_id": "./me/id/1/validation_report", "event": "queue"}',
        content_type="application/json",
    )

    assert reply.status_code == 200
    assert reply.content == (
        b'{"errors":[],"id":"me/id/1","status":"pending","success":"pending"}'
    )


def test_the_four_requests_of_a_run_take_each_pipeline_to_its_end(
    client: Client,
) -> None:
    upload_elsewhere(client)

    answers = [
        [tell(client, message) for message in run_of(id_)] for id_ in (REPORT, ZIP, ID)
    ]

    running = said("running", "pending")
    assert answers == [
        [said("pending", "pending"), running, running, running],
        [running] * 4,
        [running, running, running, said("success", "success")],
    ]
    revision = revision_of(client, ID)
    assert revision["state"] == "SUCCEEDED"
    assert (revision["logs"], revision["stats"]) == (RUN_LOG, STATS)
    assert revision["error_log"] == []
    assert revision["pipelines"][ZIP] == {
        "title": "Creating ZIP",
        "status": "SUCCEEDED",
        "stats": STATS,
        "error_log": None,
    }


def test_a_failed_run_says_so_and_fails_what_depends_on_it(client: Client) -> None:
    upload_elsewhere(client)

    for message in run_of(REPORT)[:3]:
        tell(client, message)
    answer = tell(client, failed(REPORT))

    assert answer == said("failed", "fail", *TRACEBACK)
    revision = revision_of(client, ID)
    assert revision["state"] == "FAILED"
    assert revision["error_log"] == TRACEBACK
    shown = {id_: one["error_log"] for id_, one in revision["pipelines"].items()}
    assert shown == {
        REPORT: TRACEBACK,
        ZIP: [
            'Dependency unsuccessful. Cannot run until dependency "'
            'me/id/1/validation_report" is successfullyexecuted'
        ],
        ID: [
            'Dependency unsuccessful. Cannot run until dependency "'
            'me/id/1/id_zip" is successfullyexecuted'
        ],
    }


@pytest.mark.parametrize("key", ["pipeline_id", "pipeline"])
@pytest.mark.parametrize("prefix", ["", "./"])
def test_the_pipeline_may_be_named_in_both_ways(
    client: Client, key: str, prefix: str
) -> None:
    upload_elsewhere(client)

    answer = tell(client, {key: f"{prefix}{REPORT}", "event": "start"})

    assert answer == said("running", "pending")
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


@pytest.mark.parametrize("event", ["start", "progress", "banana", "QUEUE", "finish "])
def test_all_words_but_queue_and_finish_mean_running(
    client: Client, event: str
) -> None:
    upload_elsewhere(client)

    answer = tell(client, {"pipeline_id": REPORT, "event": event})

    assert answer == said("running", "pending")


@pytest.mark.parametrize(
    ("success", "state"),
    [
        (True, "succeeded"),
        (1, "succeeded"),
        ("yes", "succeeded"),
        (False, "failed"),
        (0, "failed"),
        (None, "failed"),
        ("", "failed"),
    ],
)
def test_a_finish_succeeds_by_a_true_success(
    client: Client, success: object, state: str
) -> None:
    upload_elsewhere(client)

    tell(client, {"pipeline_id": REPORT, "event": "finish", "success": success})

    assert states(ID)["validation_report"] == state


def test_a_finish_without_success_is_a_failure(client: Client) -> None:
    upload_elsewhere(client)

    tell(client, {"pipeline_id": REPORT, "event": "finish"})

    assert states(ID)["validation_report"] == "failed"


EMPTY = "Received empty contents (make sure your content-type is correct)"


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


@pytest.mark.parametrize(
    "pipeline_id",
    ["unknown", "./", f"././{REPORT}", f"{REPORT}\0", "x" * 257, "x" * 100_000],
)
def test_an_unknown_pipeline_is_not_found_with_200(
    client: Client, pipeline_id: str
) -> None:
    upload_elsewhere(client)

    assert tell(client, {"pipeline_id": pipeline_id, "event": "start"}) == NOT_FOUND
    assert set(states(ID).values()) == {"queued"}


def test_after_the_revisions_end_its_pipelines_are_not_found_and_its_map_stays(
    client: Client,
) -> None:
    upload_elsewhere(client)
    tell(client, failed(REPORT))
    ended = revision_of(client, ID)

    answers = [tell(client, message) for message in [*run_of(ZIP), failed(REPORT)]]

    assert answers == [NOT_FOUND] * 5
    assert revision_of(client, ID) == ended


def test_only_what_was_reported_is_in_the_map(client: Client) -> None:
    upload_elsewhere(client)
    assert revision_of(client, ID)["pipelines"] == {}

    tell(client, run_of(ZIP)[0])

    revision = revision_of(client, ID)
    assert revision["state"] == "QUEUED"
    assert revision["pipelines"] == {
        ZIP: {
            "title": "Creating ZIP",
            "status": "QUEUED",
            "stats": {},
            "error_log": None,
        }
    }


def test_a_late_message_moves_nothing_backwards(client: Client) -> None:
    upload_elsewhere(client)
    queue, start, progress, finish = run_of(REPORT)

    tell(client, start)
    tell(client, queue)
    assert states(ID)["validation_report"] == "inprogress"
    tell(client, finish)
    for late in (queue, start, progress, failed(REPORT), finish):
        assert tell(client, late)["status"] == "running"

    assert states(ID)["validation_report"] == "succeeded"
    revision = revision_of(client, ID)
    assert (revision["logs"], revision["error_log"]) == (None, [])


def test_a_failure_stays_one(client: Client) -> None:
    upload_elsewhere(client)
    tell(client, {"pipeline_id": ID, "event": "start"})
    tell(client, failed(ZIP))

    answers = [tell(client, message) for message in [*run_of(ZIP), failed(ZIP)]]

    assert [answer["status"] for answer in answers] == ["running"] * 5
    assert answers[-1]["errors"] == TRACEBACK
    assert states(ID) == {
        "validation_report": "queued",
        "id_zip": "failed",
        "": "inprogress",
    }
    assert revision_of(client, ID)["pipelines"][ZIP]["error_log"] == TRACEBACK


def test_at_the_top_is_the_last_that_was_not_empty(client: Client) -> None:
    upload_elsewhere(client)
    for id_, number in ((REPORT, 1), (ZIP, 2)):
        said = {"pipeline_id": id_, "event": "progress", "log": [f"{number}"]}
        tell(client, {**said, "stats": {"bytes": number}, "errors": [f"e{number}"]})
    tell(
        client,
        {"pipeline_id": ID, "event": "start", "log": [], "stats": {}, "errors": []},
    )

    revision = revision_of(client, ID)
    assert (revision["logs"], revision["stats"]) == (["2"], {"bytes": 2})
    assert revision["error_log"] == ["e2"]
    shown = {id_: one["stats"] for id_, one in revision["pipelines"].items()}
    assert shown == {REPORT: {"bytes": 1}, ZIP: {"bytes": 2}, ID: {}}


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


def test_what_runs_here_is_nobodys_to_report_on(
    client: Client, settings: Settings
) -> None:
    settings.PIPELINE_RUNNER = "internal"
    uploaded(client, spec_of())
    job = Job.objects.values().get()

    answers = [tell(client, message) for message in run_of(REPORT)]

    assert answers == [NOT_FOUND] * 4
    assert Job.objects.values().get() == job
    assert set(states(ID).values()) == {"queued"}


def test_an_upload_for_a_runner_elsewhere_makes_the_same_rows_and_no_jobs(
    client: Client,
) -> None:
    upload_elsewhere(client, tables=1)

    revision = Revision.objects.get()
    assert (revision.runner, revision.heard_at) == ("external", None)
    assert len(states(ID)) == 7
    assert Job.objects.count() == 0


def test_a_message_needs_few_queries_however_many_pipelines_there_are(
    client: Client,
) -> None:
    upload_elsewhere(client, tables=30)
    numbers = []

    for message in run_of(REPORT):
        with CaptureQueriesContext(connection) as queries:
            tell(client, message)
        numbers.append(
            sum("SAVEPOINT" not in query["sql"] for query in queries.captured_queries)
        )

    assert max(numbers) <= 6
    assert revision_row(ID).heard_at is not None
