"""POST /api/export/preview: the first rows, and nothing kept of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from pytest_django import Settings

from exports.models import ExportTask, SavedConfiguration
from exports.turns import PREVIEWS_AT_ONCE
from tasks.models import Job
from tasks.outbound.policy import parse_policy
from tests.support.fetchtozip import Answer, ask
from tests.support.sources import Sources, csv_of
from tests.tasks.outbound.servers import Connection, Request, ok

ROWS = csv_of([["n", "city"], *([n, f"city {n % 3}"] for n in range(100))])

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sources(settings: Settings) -> Iterator[Sources]:
    local = parse_policy(allow_nets="127.0.0.0/8", ports="any")
    settings.OUTBOUND = replace(local, read_timeout_s=8.0, total_timeout_s=9.0)
    with Sources() as running:
        yield running


def preview(client: Client, url: str, **configuration: Any) -> Answer:
    body = {"file_type": "csv", "source_url": url, **configuration}
    return ask(client, "POST", "preview", body)


def test_the_first_rows_are_shown_as_they_would_go_out(
    client: Client, sources: Sources
) -> None:
    ask(client, "POST", "inputs", {"name": "number", "column": 0, "change_order": 1})
    url = sources.put("/a.csv", ROWS)

    reply = preview(client, url, types={"n": "integer"})

    assert reply.status == 200
    assert [field["name"] for field in reply.json["fields"]] == ["city", "number"]
    assert len(reply.json["rows"]) == 20
    assert [request["url"] for request in reply.json["requests"]] == [url]


def test_without_inputs_all_columns_are_shown(client: Client, sources: Sources) -> None:
    reply = preview(client, sources.put("/a.csv", ROWS))

    assert [field["name"] for field in reply.json["fields"]] == ["n", "city"]


def test_nothing_is_kept_of_a_preview(client: Client, sources: Sources) -> None:
    preview(client, sources.put("/a.csv", ROWS))

    assert not SavedConfiguration.objects.exists()
    assert not ExportTask.objects.exists()
    assert not Job.objects.exists()


def test_secrets_are_sent_to_the_source_and_not_shown(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/a.csv", ROWS)
    secrets = {
        "headers": {"X-Key": "marker-header"},
        "auth": {"type": "bearer", "token": "marker-token"},
    }

    reply = preview(client, url, **secrets)

    [request] = sources.seen["/a.csv"]
    assert request.headers["x-key"] == "marker-header"
    assert request.headers["authorization"] == "Bearer marker-token"
    assert reply.status == 200
    assert b"marker" not in reply.body


def test_a_bad_configuration_is_refused_as_it_is_by_configure(client: Client) -> None:
    body = {"file_type": "doc", "limit": 0}

    told = ask(client, "POST", "preview", body)

    assert told.status == 422
    assert told.body == ask(client, "POST", "configure", body).body


def test_without_a_source_there_is_nothing_to_show(client: Client) -> None:
    reply = ask(client, "POST", "preview", {"file_type": "csv"})

    assert reply.status == 400
    assert reply.detail.startswith("No source provided.")


@pytest.mark.parametrize(
    ("status", "told"),
    [("404 Not Found", "404"), ("500 Oops", "500"), ("403 Forbidden", "403")],
)
def test_a_source_that_refuses_is_told_with_its_status(
    client: Client, sources: Sources, status: str, told: str
) -> None:
    url = sources.fails("/a.csv", status)

    reply = preview(client, url)

    assert reply.status == 422
    assert told in reply.detail
    assert "/a.csv" in reply.detail


def test_a_source_that_is_not_there_is_told(client: Client, sources: Sources) -> None:
    reply = preview(client, "http://127.0.0.1:1/a.csv")

    assert reply.status == 422
    assert "127.0.0.1:1/a.csv" in reply.detail


def test_a_network_that_may_not_be_asked_is_told(
    client: Client, settings: Settings
) -> None:
    settings.OUTBOUND = parse_policy()

    reply = preview(client, "http://127.0.0.1/a.csv")

    assert reply.status == 422
    assert isinstance(reply.detail, str)


def test_a_column_that_is_not_there_is_told(client: Client, sources: Sources) -> None:
    url = sources.put("/a.csv", ROWS)

    reply = preview(client, url, select=["town"])

    assert reply.status == 422
    assert "town" in reply.detail


def test_previews_leave_threads_for_others(client: Client, sources: Sources) -> None:
    asked, answer = Barrier(PREVIEWS_AT_ONCE + 1), Event()

    def slow(peer: Connection, request: Request) -> None:
        asked.wait(5)
        answer.wait(5)
        peer.send(ok(ROWS))

    url = sources.act("/slow.csv", slow)
    with ThreadPoolExecutor(PREVIEWS_AT_ONCE) as pool:
        waiting = [pool.submit(in_thread, url) for _ in range(PREVIEWS_AT_ONCE)]
        asked.wait(5)
        refused = preview(client, url)
        answer.set()
        statuses = [one.result(10) for one in waiting]

    assert refused.status == 503
    assert refused.headers["Retry-After"] == "2"
    assert refused.detail == "Too many previews are being made."
    assert statuses == [200] * PREVIEWS_AT_ONCE


def in_thread(url: str) -> int:
    try:
        return preview(Client(), url).status
    finally:
        connections.close_all()
