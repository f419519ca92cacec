"""POST /api/export/configure: what is refused, where it is, and why."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from exports.models import SavedConfiguration
from exports.sources.named import parse_databases
from tests.support.fetchtozip import ask

NAMED = (
    "Input should be an http(s) URL or the name of a connection in SOURCE_DATABASES; "
    "a database's own URL or a path is not taken"
)
OUTSIDE = "Input should be a folder below the service's own: relative, without '..'"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _databases(settings: Settings) -> None:
    settings.SOURCE_DATABASES = parse_databases(
        '{"sales": {"url": "sqlite:///x", "tables": ["orders"]}}'
    )


def refused(client: Client, **body: Any) -> list[dict[str, Any]]:
    reply = ask(client, "POST", "configure", {"file_type": "csv", **body})
    assert reply.status == 422, reply.body
    assert not SavedConfiguration.objects.exists()
    items: list[dict[str, Any]] = reply.detail
    return items


def test_the_file_type_is_one_that_can_be_written(client: Client) -> None:
    [item] = refused(client, file_type="doc")

    expected = "'csv', 'json', 'xlsx', 'zip', 'ndjson' or 'parquet'"
    assert item == {
        "type": "literal_error",
        "loc": ["body", "file_type"],
        "msg": f"Input should be {expected}",
        "input": "doc",
        "ctx": {"expected": expected},
    }


def test_the_file_type_is_required(client: Client) -> None:
    reply = ask(client, "POST", "configure", {"page_limit": 2})

    assert reply.status == 422
    assert reply.detail == [
        {
            "type": "missing",
            "loc": ["body", "file_type"],
            "msg": "Field required",
            "input": {"page_limit": 2},
        }
    ]


def test_a_misspelt_field_is_no_field(client: Client) -> None:
    [item] = refused(client, filer="a = 1")

    assert item == {
        "type": "extra_forbidden",
        "loc": ["body", "filer"],
        "msg": "Extra inputs are not permitted: did you mean 'filter'?",
        "input": "***",
    }


@pytest.mark.parametrize("folder", ["./temp", "temp", "a/b", "a b", "..a", "", "."])
def test_a_folder_below_ours_is_taken(client: Client, folder: str) -> None:
    body = {"file_type": "csv", "tmp_dir": folder}

    reply = ask(client, "POST", "configure", body)

    assert reply.json["configuration"]["tmp_dir"] == folder


@pytest.mark.parametrize(
    "folder",
    ["/tmp", "/", "..", "../x", "a/../b", "a/..", "\\\\host\\x", "a\\..\\b", "C:\\x"],
)
def test_a_folder_elsewhere_is_refused(client: Client, folder: str) -> None:
    [item] = refused(client, tmp_dir=folder)

    assert (item["loc"], item["msg"]) == (["body", "tmp_dir"], OUTSIDE)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///data.db",
        "./data.db",
        "/etc/passwd",
        "postgres://bob:s3cret@db.example.com/x",
        "postgresql+psycopg://db/x",
        "host=db user=bob password=s3cret",
        "other",
        "",
        "file:///etc/passwd",
        "ftp://example.com/x",
    ],
)
def test_a_databases_own_address_is_refused(client: Client, url: str) -> None:
    [item] = refused(client, db_url=url)

    assert (item["loc"], item["msg"]) == (["body", "db_url"], NAMED)
    assert "s3cret" not in str(item)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.com/", "is neither http nor https"),
        ("http://", "has no valid host"),
        ("http://exa mple.com/", "holds a space"),
        ("http://0x7f.1/", "looks like a number"),
        ("example.com", "is neither http nor https"),
        ("http://bob:s3cret@example.com/", "send `auth` instead"),
    ],
)
def test_a_source_is_an_address_of_the_web(client: Client, url: str, why: str) -> None:
    [item] = refused(client, source_url=url)

    assert item["type"] == "url_parsing"
    assert item["loc"] == ["body", "source_url"]
    assert why in item["msg"]
    assert "s3cret" not in str(item)


@pytest.mark.parametrize(
    ("body", "where", "kind"),
    [
        ({"rate_limit": 0}, ["rate_limit"], "greater_than_equal"),
        ({"rate_limit": "fast"}, ["rate_limit"], "int_parsing"),
        ({"page_limit": -1}, ["page_limit"], "greater_than_equal"),
        ({"page_limit": 2**63}, ["page_limit"], "less_than_equal"),
        ({"limit": 0}, ["limit"], "greater_than_equal"),
        ({"paging": "all"}, ["paging"], "model_type"),
        ({"paging": {"style": "x"}}, ["paging", "style"], "literal_error"),
        ({"paging": {"page": 1}}, ["paging", "page"], "extra_forbidden"),
        ({"paging": {"style": "cursor"}}, ["paging", "cursor_path"], "missing"),
        ({"headers": {"a": 1}}, ["headers", "a"], "string_type"),
        ({"headers": {"a b": "x"}}, ["headers", "a b"], "header"),
        ({"headers": {"a": "x\r\ny"}}, ["headers", "a"], "header"),
        ({"headers": {"Host": "x"}}, ["headers", "Host"], "header"),
        ({"auth": {"type": "digest"}}, ["auth"], "union_tag_invalid"),
        ({"auth": {"type": "bearer"}}, ["auth", "bearer", "token"], "missing"),
        (
            {"auth": {"type": "bearer", "token": "x\r\nY: z"}},
            ["auth", "token"],
            "header",
        ),
        ({"auth": {"type": "bearer", "token": "größe ☃"}}, ["auth", "token"], "header"),
        (
            {"auth": {"type": "basic", "username": "a:b", "password": ""}},
            ["auth", "username"],
            "header",
        ),
        (
            {
                "headers": {"authorization": "x"},
                "auth": {"type": "bearer", "token": "x"},
            },
            ["auth"],
            "conflict",
        ),
        ({"db_url": "sales"}, ["table"], "missing"),
        ({"table": "a"}, ["table"], "conflict"),
        ({"query": "a"}, ["query"], "conflict"),
        ({"db_url": "http://a.example/", "table": "a"}, ["table"], "conflict"),
        ({"db_url": "sales", "table": "a", "query": "b"}, ["query"], "conflict"),
        ({"types": {"a": "int"}}, ["types", "a"], "literal_error"),
        ({"aggregates": [{"function": "sum"}]}, ["aggregates", 0, "column"], "missing"),
        (
            {"aggregates": [{"function": "count"}] * 2},
            ["aggregates", 1, "name"],
            "repeated",
        ),
        (
            {
                "group_by": ["a"],
                "aggregates": [{"function": "max", "column": "b", "name": "a"}],
            },
            ["aggregates", 0, "name"],
            "repeated",
        ),
        ({"group_by": ["a"], "select": ["b"]}, ["select", 0], "unknown_column"),
        ({"group_by": ["a", "a"]}, ["group_by", 1], "repeated"),
        ({"select": ["a", "a"]}, ["select", 1], "repeated"),
        ({"sort": ["a", "-a"]}, ["sort", 1], "repeated"),
        ({"sort": [5]}, ["sort", 0], "model_attributes_type"),
        ({"inner_type": "csv"}, ["inner_type"], "conflict"),
        ({"file_name": "/"}, ["file_name"], "file_name"),
        ({"file_name": "a\0b"}, ["file_name"], "string_unstorable"),
        ({"filter": "x" * 8001}, ["filter"], "string_too_long"),
        ({"select": ["a"] * 16_385}, ["select"], "too_long"),
    ],
)
def test_each_fault_is_told_with_its_place(
    client: Client, body: dict[str, Any], where: list[Any], kind: str
) -> None:
    [item] = refused(client, **body)

    assert (item["loc"], item["type"]) == (["body", *where], kind)


def test_all_faults_are_told_at_once(client: Client) -> None:
    items = refused(client, tmp_dir="/", source_url="x", select=["a", "a"])

    assert [item["loc"][1] for item in items] == ["tmp_dir", "source_url", "select"]


def test_a_filter_is_read_at_once_and_its_fault_has_a_position(
    client: Client,
) -> None:
    [item] = refused(client, filter="a = = 1")

    assert item["type"] == "rule_parsing"
    assert item["loc"] == ["body", "filter"]
    assert item["ctx"] == {"position": 4}
    assert item["input"] == "a = = 1"


def test_an_unknown_kind_of_auth_does_not_quote_what_was_sent(client: Client) -> None:
    [item] = refused(client, auth={"type": "s3cret"})

    assert item == {
        "type": "union_tag_invalid",
        "loc": ["body", "auth"],
        "msg": "Input should have a 'type' of 'basic', 'bearer'",
        "input": "***",
    }


@pytest.mark.parametrize("name", ["table", "query"])
def test_what_a_database_does_not_offer_is_refused(client: Client, name: str) -> None:
    [item] = refused(client, db_url="sales", **{name: "salaries"})

    assert item == {
        "type": "not_offered",
        "loc": ["body", name],
        "msg": f"The database 'sales' offers no {name} of this name",
        "input": "salaries",
    }
