"""Runners elsewhere: told of uploads, timed out when silent, heard by many at once."""

import logging
from datetime import datetime, timedelta
from itertools import cycle
from random import Random
from threading import Lock
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from registry import callbacks, schedules
from registry.models import Dataset, Event, Pipeline, Revision
from tasks.engine import sweep
from tasks.models import Job
from tests.support.callbacks import (
    NOT_FOUND,
    TRACEBACK,
    failed,
    revision_row,
    run_of,
    states,
    tell,
    upload_elsewhere,
)
from tests.support.sources import Sources
from tests.support.specstore import (
    Json,
    post,
    revision_of,
    run_jobs,
    spec_of,
    table,
    uploaded,
)
from tests.support.threads import at_once
from tests.tasks.outbound.servers import Connection, Request, ok

ID = "me/id/1"
REPORT, ZIP = f"{ID}/validation_report", f"{ID}/id_zip"
SILENT = "Timed out: the runner was silent for more than 60 seconds"

pytest_db = pytest.mark.django_db
pytest_real_db = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _elsewhere(settings: Settings) -> None:
    settings.PIPELINE_RUNNER = "external"
    settings.SOURCE_UPDATE_OPEN = True
    settings.DPP_URL = ""
    settings.RUNNER_SILENT_S = 60


def later(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


# The cascade


@pytest_db
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


@pytest_db
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


@pytest_db
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


@pytest_db
def test_one_event_tells_the_end_of_a_revision(client: Client) -> None:
    upload_elsewhere(client)

    for message in [*run_of(REPORT), failed(ZIP), *run_of(ID), failed(ZIP)]:
        tell(client, message)

    event = Event.objects.get()
    assert event.body["status"] == "FAIL"
    assert event.body["payload"] == {"flow-id": ID, "errors": TRACEBACK}


# The refresh


@pytest_real_db
def test_the_runner_is_told_once_the_revision_can_be_seen(
    client: Client, settings: Settings, sources: Sources
) -> None:
    seen: list[int] = []

    def look(peer: Connection, request: Request) -> None:
        seen.append(Revision.objects.count())
        connections.close_all()
        peer.send(ok(b"{}"))

    sources.act("/dpp/api/refresh", look)
    settings.DPP_URL = sources.url("/dpp/")

    reply = upload_elsewhere(client)

    assert reply["success"] is True
    assert seen == [1]
    assert [one.method for one in sources.seen["/dpp/api/refresh"]] == ["GET"]


@pytest_real_db
@pytest.mark.parametrize(
    "status", ["201 Created", "204 No Content", "404 Not Found", "500 Oh"]
)
def test_a_runner_that_does_not_answer_200_is_told_of_in_the_answer(
    client: Client,
    settings: Settings,
    sources: Sources,
    status: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sources.fails("/api/refresh", status)
    settings.DPP_URL = sources.url("/")

    with caplog.at_level(logging.WARNING, logger="registry.elsewhere"):
        reply = post(client, spec_of())

    url = reply.pop("callback_url")
    assert reply == {
        "dataset_id": "me/id",
        "errors": ["Failed to refresh pipelines status"],
        "flow_id": ID,
        "success": False,
    }
    assert revision_of(client, ID)["state"] == "QUEUED"
    path = url.removeprefix("http://testserver")
    assert tell(client, run_of(ID)[1], path=path)["status"] == "running"


@pytest_real_db
def test_nor_is_one_that_is_not_there(client: Client, settings: Settings) -> None:
    settings.DPP_URL = "http://127.0.0.1:9/"

    reply = post(client, spec_of())

    assert reply["errors"] == ["Failed to refresh pipelines status"]


@pytest_real_db
def test_nobody_is_told_of_what_runs_here(
    client: Client, settings: Settings, sources: Sources
) -> None:
    settings.PIPELINE_RUNNER = "internal"
    settings.DPP_URL = sources.url("/")

    uploaded(client, spec_of())

    assert sources.hits == 0


@pytest_real_db
def test_of_a_due_dataset_a_worker_tells_the_runner(
    client: Client, settings: Settings, sources: Sources
) -> None:
    sources.act("/api/refresh", ok(b"", status="503 Busy"), ok(b""))
    upload_elsewhere(client)
    tell(client, failed(REPORT))
    settings.DPP_URL = sources.url("/")

    revision = schedules.run_now(dataset=Dataset.objects.get(), at=timezone.now())
    assert sources.hits == 0
    run_jobs()

    assert (revision.number, revision.runner) == (2, "external")
    assert sources.hits == 2
    assert list(Job.objects.values_list("kind", "state")) == [
        ("registry.refresh", "succeeded")
    ]


# Silence


@pytest_db
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


@pytest_db
def test_a_runner_that_never_called_is_silent_since_the_upload(client: Client) -> None:
    upload_elsewhere(client)

    callbacks.time_out_silent(at=later(61))

    assert revision_of(client, ID)["state"] == "FAILED"
    assert Event.objects.count() == 1


@pytest_db
def test_each_message_is_a_sign_of_life_even_a_late_one(client: Client) -> None:
    upload_elsewhere(client)
    queue, *_, finish = run_of(REPORT)
    tell(client, finish)
    Revision.objects.update(heard_at=later(-59), created_at=later(-3600))

    tell(client, queue)
    callbacks.time_out_silent(at=later(10))

    assert revision_of(client, ID)["state"] == "INPROGRESS"


@pytest_db
def test_what_runs_here_is_not_timed_out(client: Client, settings: Settings) -> None:
    settings.PIPELINE_RUNNER = "internal"
    uploaded(client, spec_of(table("a", "http://example.com/a.csv")))

    callbacks.time_out_silent(at=later(3600))

    assert revision_of(client, ID)["state"] == "QUEUED"


@pytest_db
def test_the_supervisors_look_for_the_silent(client: Client) -> None:
    upload_elsewhere(client)

    sweep.run_sweeps(at=later(61))

    assert revision_of(client, ID)["error_log"] == [SILENT]


# Many at once

THREADS = 16


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

    @property
    def statuses(self) -> set[Any]:
        return {answer["status"] for answer in self.answers}


@pytest_real_db
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


@pytest_real_db
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


@pytest_real_db
def test_several_supervisors_time_a_revision_out_once(client: Client) -> None:
    for _ in range(3):
        upload_elsewhere(client, tables=1)

    at_once(4, lambda: callbacks.time_out_silent(at=later(61)))

    assert set(Revision.objects.values_list("state", flat=True)) == {"failed"}
    assert Event.objects.count() == 3


@pytest_real_db
def test_silence_and_a_message_at_once_leave_one_truth(client: Client) -> None:
    upload_elsewhere(client)
    work = cycle(
        [
            lambda: callbacks.time_out_silent(at=later(61)),
            lambda: tell(Client(), failed(REPORT)),
        ]
    )
    guard = Lock()

    def one() -> None:
        with guard:
            mine = next(work)
        mine()

    at_once(8, one)

    revision = revision_row(ID)
    assert revision.state == "failed"
    assert revision.error_log in ([SILENT], TRACEBACK)
    assert Event.objects.count() == 1
