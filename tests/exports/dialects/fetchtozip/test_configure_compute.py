"""POST /api/export/configure: what a cluster can make, and whether there is one."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from exports.models import SavedConfiguration
from exports.sources.named import parse_databases
from tests.support.fetchtozip import SOURCE, ask

pytestmark = pytest.mark.django_db

FILES = ["https://example.org/1.csv", "https://example.org/2.csv"]


@pytest.fixture(autouse=True)
def _cluster(settings: Settings) -> None:
    settings.COMPUTE_URL = "tcp://127.0.0.1:8786"


def reply_to(client: Client, **body: Any) -> Any:
    whole = {"file_type": "csv", "compute": "cluster", **body}
    return ask(client, "POST", "configure", whole)


def refused(client: Client, **body: Any) -> list[tuple[str, str]]:
    reply = reply_to(client, **body)
    assert reply.status == 422, reply.body
    assert not SavedConfiguration.objects.exists()
    return [(item["loc"][1], item["msg"]) for item in reply.detail]


@pytest.mark.parametrize(
    "body",
    [
        {"source_url": SOURCE, "page_limit": 9},
        {"source_url": FILES[0]},
        {"source_url": SOURCE, "paging": "none"},
        {"source_urls": FILES},
    ],
    ids=str,
)
def test_a_cluster_takes_what_can_be_cut(client: Client, body: dict[str, Any]) -> None:
    reply = reply_to(client, **body)

    assert reply.status == 200
    assert reply.json["configuration"]["compute"] == "cluster"


def test_without_a_cluster_nothing_is_taken(client: Client, settings: Settings) -> None:
    settings.COMPUTE_URL = ""

    [told] = refused(client, source_urls=FILES)

    assert told == (
        "compute",
        "This service has no cluster: its operator names one in COMPUTE_URL",
    )


def test_there_is_no_other_place_to_compute(client: Client) -> None:
    [told] = refused(client, compute="moon", source_urls=FILES)

    assert told == ("compute", "Input should be 'cluster'")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"source_url": SOURCE, "paging": {"style": "link"}}, "compute"),
        ({"source_url": SOURCE}, "compute"),
        ({"source_urls": FILES, "workers": 2}, "workers"),
        ({"source_urls": FILES, "rate_limit": 2}, "rate_limit"),
    ],
    ids=str,
)
def test_what_a_cluster_cannot_do_is_refused(
    client: Client, body: dict[str, Any], place: str
) -> None:
    [told] = refused(client, **body)

    assert told[0] == place


def test_a_named_database_is_not_read_by_a_cluster(
    client: Client, settings: Settings
) -> None:
    settings.SOURCE_DATABASES = parse_databases(
        '{"sales": {"url": "sqlite:///x", "tables": ["orders"]}}'
    )

    [told] = refused(client, db_url="sales", table="orders")

    assert told == (
        "compute",
        "A named database is read by the service itself, not by a cluster",
    )
