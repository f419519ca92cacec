"""POST /export/new/preview: the first rows, or what is wrong and where."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from exports.turns import PREVIEWS_AT_ONCE, one_of_few
from tasks.outbound.policy import parse_policy
from tests.support.export_page import Told, sends, wanted
from tests.support.sources import Sources

CSV = b"name,year,n\nAnna,2001,1\nBo,2002,2\n"

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(sources: Sources) -> str:
    return sources.put("/a.csv", CSV)


def previewed(client: Client, url: str, *inputs: Any, **changes: Any) -> Told:
    return sends(client, "POST", "/preview", wanted(url, *inputs, **changes))


def test_a_preview_has_the_columns_their_types_and_rows(
    client: Client, url: str
) -> None:
    told = previewed(client, url)

    assert told.status == 200
    assert told.json["fields"] == [
        {"name": "name", "type": "string"},
        {"name": "year", "type": "string"},
        {"name": "n", "type": "string"},
    ]
    assert told.json["rows"] == [["Anna", "2001", "1"], ["Bo", "2002", "2"]]


def test_a_preview_is_of_the_table_as_it_will_be(client: Client, url: str) -> None:
    told = previewed(
        client,
        url,
        {"name": "Count", "column": 2},
        select=["n", "name"],
        types={"n": "integer"},
        filter="year = 2002",
    )

    assert told.json["fields"] == [
        {"name": "Count", "type": "integer"},
        {"name": "name", "type": "string"},
    ]
    assert told.json["rows"] == [[2, "Bo"]]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"filter": "year ="}, "filter", "Expected a value"),
        ({"source_url": ""}, "source_url", "http(s) URL"),
        ({"source_url": "nonsense"}, "source_url", "http(s) URL"),
        ({"source_url": "file:///etc/passwd"}, "source_url", "http(s) URL"),
        ({"source_url": "http://u:p@a.example/"}, "source_url", "user name"),
        ({"source_url": None}, "source_url", "Give an address."),
        ({"select": ["no"]}, "columns", "There is no column 'no'"),
        ({"types": {"n": "colour"}}, "columns", "Input should be one of"),
        ({"file_type": "pdf"}, "file_type", "Input should be"),
        ({"source_format": "xlsx"}, "source_url", ""),
    ],
)
def test_a_fault_is_told_with_its_field(
    client: Client, url: str, changes: dict[str, Any], field: str, words: str
) -> None:
    told = previewed(client, url, **changes)

    assert told.status == 422
    assert told.wrong[0][0] == field
    assert words in told.wrong[0][1]


def test_a_rule_that_cannot_be_read_is_told_with_the_place(
    client: Client, url: str
) -> None:
    told = previewed(client, url, filter="year = 1 and (")

    assert told.json["errors"][0]["position"] == 14


def test_two_columns_of_one_name_are_a_fault_of_the_columns(
    client: Client, url: str
) -> None:
    told = previewed(client, url, {"name": "name", "column": 2})

    assert told.wrong == [
        (
            "columns",
            f"{url}: Columns 'name' and 'n' would both be called 'name'.",
        )
    ]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        ("404 Not Found", b"", "404"),
        ("500 Oops", b"", "500"),
        ("200 OK", b"", "empty"),
        ("200 OK", b"a,b\n1,2,3\n", "row 2"),
        ("200 OK", b"\x00\x01\x02", ""),
    ],
)
def test_a_source_that_is_no_table_is_told_next_to_its_address(
    client: Client, sources: Sources, status: str, body: bytes, words: str
) -> None:
    url = sources.fails("/bad.csv", status, body=body)

    told = previewed(client, url)

    assert told.status == 422, told.json
    assert told.wrong[0][0] == "source_url"
    assert words in told.wrong[0][1].lower()


def test_no_address_within_is_fetched_for_a_visitor(
    client: Client, sources: Sources, url: str, settings: Settings
) -> None:
    settings.OUTBOUND = replace(parse_policy(ports="any"), connect_timeout_s=0.2)

    told = [
        previewed(client, inside)
        for inside in (
            url,
            "http://169.254.169.254/latest.csv",
            "http://[::1]/a.csv",
            "http://localhost:1/a.csv",
        )
    ]

    assert {one.status for one in told} == {422}
    assert {one.wrong[0][0] for one in told} == {"source_url"}
    assert not sources.seen


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"inputs": 1}', b"\xff", b"[" * 5000]
)
def test_a_body_that_is_none_is_refused(client: Client, body: bytes) -> None:
    told = sends(client, "POST", "/preview", body)

    assert told.status == 422
    assert told.json["errors"]


def test_a_fault_quotes_no_secret(client: Client, url: str) -> None:
    told = previewed(client, url, auth={"type": "bearer", "tokn": "hush-hush"})

    assert told.status == 422
    assert "hush" not in str(told.json)


def test_a_preview_more_than_the_service_can_bear_is_asked_for_later(
    client: Client, url: str
) -> None:
    turns = [one_of_few() for _ in range(PREVIEWS_AT_ONCE)]
    for turn in turns:
        turn.__enter__()
    try:
        told = previewed(client, url)
    finally:
        for turn in turns:
            turn.__exit__(None, None, None)

    assert told.status == 503
    assert "Try again in a moment." in told.wrong[0][1]
    assert previewed(client, url).status == 200
