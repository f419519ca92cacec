"""POST /source/update: the states it moves, and what a revision then shows."""

import pytest
from django.test import Client
from pytest_django import Settings

from tests.support.callbacks import (
    NOT_FOUND,
    TRACEBACK,
    failed,
    run_of,
    states,
    tell,
    upload_elsewhere,
)
from tests.support.specstore import Json, revision_of

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
