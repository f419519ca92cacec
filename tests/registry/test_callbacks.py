"""Failures of runners elsewhere, and what follows from them (contract 3.1.6)."""

import pytest
from django.test import Client
from pytest_django import Settings

from registry.models import Event
from tests.support.callbacks import (
    TRACEBACK,
    failed,
    run_of,
    states,
    tell,
    upload_elsewhere,
)
from tests.support.specstore import (
    revision_of,
)

pytestmark = pytest.mark.django_db
ID = "me/id/1"
REPORT, ZIP = f"{ID}/validation_report", f"{ID}/id_zip"


@pytest.fixture(autouse=True)
def _elsewhere(settings: Settings) -> None:
    settings.PIPELINE_RUNNER = "external"
    settings.SOURCE_UPDATE_OPEN = True
    settings.DPP_URL = ""
    settings.RUNNER_SILENT_S = 60


def test_a_failure_goes_by_the_contracts_dependencies_alone(client: Client) -> None:
    """Our own runner makes tables out of copies; another fetches them by itself."""
    upload_elsewhere(client, tables=1)
    tell(client, {"pipeline_id": f"{ID}/t0_csv", "event": "start"})

    answer = tell(client, failed(f"{ID}/t0"))

    assert answer["status"] == "running"
    assert states(ID) == {
        "validation_report": "queued",
        "t0_csv": "inprogress",
        "t0_json": "queued",
        "id_zip": "queued",
        "t0_csv_preview": "queued",
        "t0": "failed",
        "": "failed",
    }


def test_a_failure_spreads_through_the_whole_graph_at_once(client: Client) -> None:
    upload_elsewhere(client, tables=1)

    tell(client, failed(f"{ID}/t0_csv"))

    assert states(ID) == {
        "validation_report": "queued",
        "t0_csv": "failed",
        "t0_json": "queued",
        "id_zip": "failed",
        "t0_csv_preview": "failed",
        "t0": "queued",
        "": "failed",
    }
    shown = revision_of(client, ID)
    assert set(shown["pipelines"]) == {
        f"{ID}/t0_csv",
        ZIP,
        f"{ID}/t0_csv_preview",
        ID,
    }
    assert shown["error_log"] == TRACEBACK


def test_what_already_runs_is_left_to_its_runner(client: Client) -> None:
    upload_elsewhere(client)
    tell(client, {"pipeline_id": ZIP, "event": "start"})

    tell(client, failed(REPORT))

    assert states(ID) == {
        "validation_report": "failed",
        "id_zip": "inprogress",
        "": "failed",
    }
    answers = [tell(client, message)["status"] for message in run_of(ZIP)]
    assert answers == ["running", "running", "running", "failed"]
    assert states(ID)["id_zip"] == "succeeded"


def test_one_event_tells_the_end_of_a_revision(client: Client) -> None:
    upload_elsewhere(client)

    for message in [*run_of(REPORT), failed(ZIP), *run_of(ID), failed(ZIP)]:
        tell(client, message)

    event = Event.objects.get()
    assert event.body["status"] == "FAIL"
    assert event.body["payload"] == {"flow-id": ID, "errors": TRACEBACK}
