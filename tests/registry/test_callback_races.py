"""Runners that call, and supervisors that look, all at the same moment."""

from datetime import datetime, timedelta
from itertools import cycle
from random import Random
from threading import Lock

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from registry import callbacks
from registry.models import Event, Pipeline, Revision
from tests.support.callbacks import (
    TRACEBACK,
    failed,
    revision_row,
    run_of,
    states,
    tell,
    upload_elsewhere,
)
from tests.support.specstore import (
    Json,
    revision_of,
)
from tests.support.threads import at_once

THREADS = 16
pytestmark = pytest.mark.django_db(transaction=True)
ID = "me/id/1"
REPORT = f"{ID}/validation_report"
SILENT = "Timed out: the runner was silent for more than 60 seconds"


@pytest.fixture(autouse=True)
def _elsewhere(settings: Settings) -> None:
    settings.PIPELINE_RUNNER = "external"
    settings.SOURCE_UPDATE_OPEN = True
    settings.DPP_URL = ""
    settings.RUNNER_SILENT_S = 60


def later(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


class Runners:
    """Sixteen of them, each of which tells what it has in an order of its own."""

    def __init__(self, told: list[Json]) -> None:
        self.told = told
        self.seeds = cycle(range(THREADS))
        self.guard = Lock()
        self.answers: list[Json] = []

    def run(self) -> None:
        with self.guard:
            random = Random(next(self.seeds))
        for message in random.sample(self.told, k=len(self.told)):
            self.answers.append(tell(Client(), message))


def test_sixteen_runners_at_once_take_a_revision_to_one_end(client: Client) -> None:
    upload_elsewhere(client, tables=1)
    ids = Pipeline.objects.values_list("pipeline_id", flat=True)
    runners = Runners([message for id_ in ids for message in run_of(id_)])

    at_once(THREADS, runners.run)

    assert set(states(ID).values()) == {"succeeded"}
    assert revision_of(client, ID)["state"] == "SUCCEEDED"
    assert Event.objects.get().body["status"] == "OK"
    assert len(runners.answers) == THREADS * 28
    ends = [one for one in runners.answers if one["status"] == "success"]
    assert len(ends) == 1


def test_a_cascade_is_the_same_whoever_else_calls(client: Client) -> None:
    upload_elsewhere(client, tables=2)
    fine = [f"{ID}/{name}" for name in ("t0", "t1", "t0_csv", "t1_json", "t1_csv")]
    ends = [run_of(id_)[-1] for id_ in [*fine, f"{ID}/t1_csv_preview"]]
    runners = Runners([*ends, run_of(f"{ID}/t0_json")[-1], failed(REPORT)])
    tell(client, run_of(f"{ID}/t0_csv_preview")[-1])

    at_once(THREADS, runners.run)

    assert {name for name, state in states(ID).items() if state == "failed"} == {
        "validation_report",
        "id_zip",
        "",
    }
    revision = revision_row(ID)
    assert (revision.state, revision.error_log) == ("failed", TRACEBACK)
    assert Event.objects.count() == 1
    ends = [one for one in runners.answers if one["status"] == "failed"]
    assert len(ends) == 1


def test_several_supervisors_time_a_revision_out_once(client: Client) -> None:
    for _ in range(3):
        upload_elsewhere(client, tables=1)

    at_once(4, lambda: callbacks.time_out_silent(at=later(61)))

    assert set(Revision.objects.values_list("state", flat=True)) == {"failed"}
    assert Event.objects.count() == 3


def test_silence_and_a_message_at_once_leave_one_truth(client: Client) -> None:
    upload_elsewhere(client)
    turns, guard = cycle([True, False]), Lock()

    def one() -> None:
        with guard:
            looks = next(turns)
        if looks:
            callbacks.time_out_silent(at=later(61))
        else:
            tell(Client(), failed(REPORT))

    at_once(8, one)

    revision = revision_row(ID)
    assert revision.state == "failed"
    assert revision.error_log in ([SILENT], TRACEBACK)
    assert Event.objects.count() == 1
