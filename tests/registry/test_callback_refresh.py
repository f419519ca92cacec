"""The runner elsewhere is told that there is something new (contract 3.1.3)."""

import logging

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from registry import schedules
from registry.models import Dataset, Revision
from tasks.models import Job
from tests.support.callbacks import (
    failed,
    run_of,
    tell,
    upload_elsewhere,
)
from tests.support.sources import Sources
from tests.support.specstore import (
    post,
    revision_of,
    run_jobs,
    spec_of,
    uploaded,
)
from tests.tasks.outbound.servers import Connection, Request, ok

pytestmark = pytest.mark.django_db(transaction=True)
ID = "me/id/1"
REPORT = f"{ID}/validation_report"


@pytest.fixture(autouse=True)
def _elsewhere(settings: Settings) -> None:
    settings.PIPELINE_RUNNER = "external"
    settings.SOURCE_UPDATE_OPEN = True
    settings.DPP_URL = ""


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
    assert caplog.messages == ["runner was not refreshed"]
    assert reply == {
        "dataset_id": "me/id",
        "errors": ["Failed to refresh pipelines status"],
        "flow_id": ID,
        "success": False,
    }
    assert revision_of(client, ID)["state"] == "QUEUED"
    path = url.removeprefix("http://testserver")
    assert tell(client, run_of(ID)[1], path=path)["status"] == "running"


def test_nor_is_one_that_is_not_there(client: Client, settings: Settings) -> None:
    settings.DPP_URL = "http://127.0.0.1:9/"

    reply = post(client, spec_of())

    assert reply["errors"] == ["Failed to refresh pipelines status"]


def test_nobody_is_told_of_what_runs_here(
    client: Client, settings: Settings, sources: Sources
) -> None:
    settings.PIPELINE_RUNNER = "internal"
    settings.DPP_URL = sources.url("/")

    uploaded(client, spec_of())

    assert sources.hits == 0


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
