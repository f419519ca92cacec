"""POST /api/export/configure: which sources several workers can share, and files."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from exports.models import SavedConfiguration
from exports.sources.named import parse_databases
from tests.support.fetchtozip import SOURCE, ask

pytestmark = pytest.mark.django_db

FILES = ["https://example.org/1.csv", "https://example.org/2.csv"]
CURSOR = {"style": "cursor", "cursor_path": "next"}


def reply_to(client: Client, **body: Any) -> Any:
    return ask(client, "POST", "configure", {"file_type": "csv", **body})


def refused(client: Client, **body: Any) -> list[tuple[list[Any], str]]:
    reply = reply_to(client, **body)
    assert reply.status == 422, reply.body
    assert not SavedConfiguration.objects.exists()
    return [(item["loc"], item["msg"]) for item in reply.detail]


@pytest.mark.parametrize(
    "body",
    [
        {"source_url": SOURCE, "page_limit": 9},
        {"source_url": SOURCE, "paging": {"total_limit": 900}},
        {"paging": {"style": "offset", "total_limit": 900}},
        {"source_urls": FILES},
        {"source_urls": FILES, "auth": {"type": "bearer", "token": "x"}},
    ],
    ids=str,
)
def test_a_source_that_can_be_cut_may_be_shared(
    client: Client, body: dict[str, Any]
) -> None:
    reply = reply_to(client, workers=4, **body)

    assert reply.status == 200
    assert reply.json["configuration"]["workers"] == 4


def test_one_worker_takes_any_source(client: Client) -> None:
    reply = reply_to(client, workers=1, source_url=SOURCE, paging=CURSOR)

    assert reply.status == 200


@pytest.mark.parametrize("workers", [0, 17, -1])
def test_there_are_one_to_sixteen_workers(client: Client, workers: int) -> None:
    [(place, _)] = refused(client, workers=workers, source_urls=FILES)

    assert place == ["body", "workers"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (
            {"paging": CURSOR, "page_limit": 9},
            (
                "Pages of style 'cursor' are fetched by one worker: where the next "
                "one is stands in the one before"
            ),
        ),
        (
            {"paging": {"style": "link"}},
            (
                "Pages of style 'link' are fetched by one worker: where the next "
                "one is stands in the one before"
            ),
        ),
        (
            {},
            (
                "Several workers must know how many pages there are at most: give "
                "`paging.total_limit`, or `page_limit` for pages with numbers"
            ),
        ),
        (
            {"paging": {"style": "offset", "total_limit": 900}, "page_limit": 9},
            (
                "Pages of style 'offset' are cut by rows: give `paging.total_limit` "
                "instead of `page_limit`"
            ),
        ),
        (
            {"paging": "none"},
            "One file is read by one worker; several workers take `source_urls`",
        ),
        (
            {"source_url": FILES[0]},
            "One file is read by one worker; several workers take `source_urls`",
        ),
    ],
    ids=str,
)
def test_a_source_that_cannot_be_cut_is_refused(
    client: Client, body: dict[str, Any], why: str
) -> None:
    told = refused(client, **{"workers": 2, "source_url": SOURCE, **body})

    assert told == [(["body", "workers"], why)]


def test_a_named_database_is_read_by_one_worker(
    client: Client, settings: Settings
) -> None:
    settings.SOURCE_DATABASES = parse_databases(
        '{"sales": {"url": "sqlite:///x", "tables": ["orders"]}}'
    )

    told = refused(client, workers=2, db_url="sales", table="orders")

    assert told == [(["body", "workers"], "A named database is read by one worker")]


def test_files_are_the_only_source(client: Client) -> None:
    told = refused(
        client, source_urls=FILES, source_url=SOURCE, page_limit=2, paging={}
    )

    assert [place[1] for place, _ in told] == ["source_url", "page_limit", "paging"]


def test_each_file_has_an_address_that_can_be_asked(client: Client) -> None:
    told = refused(client, source_urls=[FILES[0], "ftp://example.org/2.csv"])

    assert [place for place, _ in told] == [["body", "source_urls", 1]]


def test_a_secret_goes_to_one_origin(client: Client) -> None:
    told = refused(
        client,
        source_urls=[FILES[0], "https://example.com/2.csv"],
        headers={"X-Key": "s3cret"},
    )

    assert told == [
        (
            ["body", "source_urls"],
            "`headers` and `auth` go to one origin, and these are several",
        )
    ]
