"""Runners that are not heard of any more."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from registry import callbacks
from registry.models import Event, Revision
from tasks.engine import sweep
from tests.support.callbacks import (
    NOT_FOUND,
    run_of,
    states,
    tell,
    upload_elsewhere,
)
from tests.support.specstore import (
    revision_of,
    spec_of,
    table,
    uploaded,
)

pytestmark = pytest.mark.django_db
ID = "me/id/1"
REPORT, ZIP = f"{ID}/validation_report", f"{ID}/id_zip"
SILENT = "Timed out: the runner was silent for more than 60 seconds"


@pytest.fixture(autouse=True)
def _elsewhere(settings: Settings) -> None:
    settings.PIPELINE_RUNNER = "external"
    settings.SOURCE_UPDATE_OPEN = True
    settings.DPP_URL = ""
    settings.RUNNER_SILENT_S = 60


def later(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


def test_what_was_not_heard_of_for_long_fails_and_says_why(client: Client) -> None:
    upload_elsewhere(client)
    for message in [*run_of(REPORT), run_of(ZIP)[1]]:
        tell(client, message)

    callbacks.time_out_silent(at=later(59))
    assert revision_of(client, ID)["state"] == "INPROGRESS"
    callbacks.time_out_silent(at=later(61))

    revision = revision_of(client, ID)
    assert revision["state"] == "FAILED"
    assert revision["error_log"] == [SILENT]
    shown = {id_: one["error_log"] for id_, one in revision["pipelines"].items()}
    assert shown == {REPORT: None, ZIP: [SILENT], ID: [SILENT]}
    assert states(ID) == {
        "validation_report": "succeeded",
        "id_zip": "failed",
        "": "failed",
    }
    assert tell(client, run_of(ZIP)[3]) == NOT_FOUND


def test_a_runner_that_never_called_is_silent_since_the_upload(client: Client) -> None:
    upload_elsewhere(client)

    callbacks.time_out_silent(at=later(61))

    assert revision_of(client, ID)["state"] == "FAILED"
    assert Event.objects.count() == 1


def test_each_message_is_a_sign_of_life_even_a_late_one(client: Client) -> None:
    upload_elsewhere(client)
    queue, *_, finish = run_of(REPORT)
    tell(client, finish)
    Revision.objects.update(heard_at=later(-59), created_at=later(-3600))

    tell(client, queue)
    callbacks.time_out_silent(at=later(10))

    assert revision_of(client, ID)["state"] == "INPROGRESS"


def test_what_runs_here_is_not_timed_out(client: Client, settings: Settings) -> None:
    settings.PIPELINE_RUNNER = "internal"
    uploaded(client, spec_of(table("a", "http://example.com/a.csv")))

    callbacks.time_out_silent(at=later(3600))

    assert revision_of(client, ID)["state"] == "QUEUED"


def test_the_supervisors_look_for_the_silent(client: Client) -> None:
    upload_elsewhere(client)

    sweep.run_sweeps(at=later(61))

    assert revision_of(client, ID)["error_log"] == [SILENT]
