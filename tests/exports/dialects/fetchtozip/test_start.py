"""POST /api/export/start: what was set up so far becomes a task."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from exports import services
from exports.models import ExportTask
from exports.sources.named import parse_databases
from tasks.models import Job
from tests.support.fetchtozip import ROWS, SOURCE, a_key, ask, configured, task_of

pytestmark = pytest.mark.django_db


def test_a_task_is_started_and_named(client: Client) -> None:
    configured(client)

    reply = ask(client, "POST", "start")

    assert reply.status == 200
    found = re.fullmatch(
        rb'{"message":"Task started","task_id":"(task_[0-9a-f]{32})"}', reply.body
    )
    assert found
    task = task_of(found[1].decode())
    assert task.job.kind == "exports.export"
    assert task.job.params == {"task": task.pk}
    assert task.job.lane_id == f"export:{task.client_id}"
    assert not task.job.serial


@pytest.mark.parametrize("body", ["", "{}", "{not json", "[1]"])
def test_a_body_says_nothing(client: Client, body: str) -> None:
    configured(client)

    assert ask(client, "POST", "start", body).status == 200


def test_without_inputs_nothing_starts(client: Client) -> None:
    ask(client, "POST", "configure", {"file_type": "csv", "source_url": SOURCE})

    reply = ask(client, "POST", "start")

    assert reply.status == 400
    assert reply.body == (
        b'{"detail":"No inputs provided. Please add inputs using /api/export/inputs '
        b'or /api/export/bulk-inputs first."}'
    )
    assert not Job.objects.exists()


def test_inputs_are_asked_for_before_the_configuration(client: Client) -> None:
    reply = ask(client, "POST", "start")

    assert reply.detail.startswith("No inputs provided.")


def test_without_a_configuration_nothing_starts(client: Client) -> None:
    ask(client, "POST", "bulk-inputs", ROWS)

    reply = ask(client, "POST", "start")

    assert reply.status == 400
    assert reply.body == (
        b'{"detail":"No configuration provided. Please configure the export using '
        b'/api/export/configure first."}'
    )


def test_without_a_source_nothing_starts(client: Client) -> None:
    ask(client, "POST", "bulk-inputs", ROWS)
    ask(client, "POST", "configure", {"file_type": "csv"})

    reply = ask(client, "POST", "start")

    assert reply.status == 400
    assert reply.detail == (
        "No source provided. Please configure the export with source_url, or with a "
        "db_url that is an http(s) URL or a named database, first."
    )
    assert not Job.objects.exists()
    assert not ExportTask.objects.exists()


@pytest.mark.parametrize(
    ("configuration", "source"),
    [
        ({}, "http://default.example/"),
        ({"db_url": "http://db.example/"}, "http://db.example/"),
        (
            {"db_url": "http://db.example/", "source_url": "http://s.example/"},
            "http://s.example/",
        ),
        ({"db_url": "sales", "table": "orders"}, None),
    ],
)
def test_the_source_is_the_first_that_is_named(
    client: Client, settings: Settings, configuration: Any, source: str | None
) -> None:
    settings.EXPORT_SOURCE_URL = "http://default.example/"
    settings.SOURCE_DATABASES = parse_databases(
        '{"sales": {"url": "sqlite:///x", "tables": ["orders"]}}'
    )
    ask(client, "POST", "bulk-inputs", ROWS)
    ask(client, "POST", "configure", {"file_type": "csv", **configuration})

    task = task_of(ask(client, "POST", "start").json["task_id"])

    wanted = services.load_request(task).configuration
    assert services.source_url_of(wanted) == source


def test_what_comes_later_does_not_change_a_task(client: Client) -> None:
    configured(client, limit=5, headers={"X-Key": "first"})
    task_id = ask(client, "POST", "start").json["task_id"]

    ask(client, "DELETE", "inputs-clear")
    ask(client, "POST", "configure", {"file_type": "json"})

    wanted = services.load_request(task_of(task_id))
    assert [one.model_dump() for one in wanted.inputs] == ROWS
    assert wanted.configuration.file_type == "csv"
    assert wanted.configuration.limit == 5
    assert wanted.configuration.headers == {"X-Key": "first"}


def test_the_same_setup_can_be_started_again(client: Client) -> None:
    configured(client)

    first, second = (ask(client, "POST", "start").json["task_id"] for _ in "ab")

    assert first != second
    assert ExportTask.objects.count() == Job.objects.count() == 2


def test_a_client_with_enough_open_jobs_waits(client: Client) -> None:
    caller, key = a_key()
    caller.max_open_jobs = 1
    caller.save()
    configured(client, key)
    ask(client, "POST", "start", key=key)

    reply = ask(client, "POST", "start", key=key)

    assert reply.status == 429
    assert int(reply.headers["Retry-After"]) >= 1
    assert reply.detail == "alice has 1 unfinished jobs, as many as it may have."
    assert ExportTask.objects.count() == 1


def test_a_service_with_enough_work_takes_no_more(
    client: Client, settings: Settings
) -> None:
    configured(client)
    settings.MAX_OPEN_JOBS = 0

    reply = ask(client, "POST", "start")

    assert reply.status == 503
    assert "Retry-After" in reply.headers
    assert reply.detail == "The service has as much unfinished work as it can hold."
    assert not ExportTask.objects.exists()
