"""POST /source/update: each line of contract 3.1.6 as a request and its reply."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from registry.models import Revision
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
DEPENDENCY = "Dependency unsuccessful. Cannot run until dependency"


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
        ZIP: [f'{DEPENDENCY} "me/id/1/validation_report" is successfullyexecuted'],
        ID: [f'{DEPENDENCY} "me/id/1/id_zip" is successfullyexecuted'],
    }


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
