"""POST /api/export/configure: what is taken, kept, and echoed."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from exports.models import SavedConfiguration
from exports.sources.named import parse_databases
from tests.support.fetchtozip import ask

pytestmark = pytest.mark.django_db


def kept() -> dict[str, Any]:
    body: dict[str, Any] = SavedConfiguration.objects.get().body
    return body


def test_the_originals_fields_are_echoed_in_their_order(client: Client) -> None:
    reply = ask(
        client,
        "POST",
        "configure",
        '{"page_limit": 2, "rate_limit": 2, "file_type": "zip"}',
    )

    assert reply.status == 200
    assert reply.body == (
        b'{"message":"Configuration set successfully","configuration":'
        b'{"file_type":"zip","tmp_dir":null,"rate_limit":2,"page_limit":2,'
        b'"db_url":null}}'
    )


def test_the_readmes_own_example_is_taken(client: Client) -> None:
    body = {
        "file_type": "zip",
        "tmp_dir": "./temp",
        "rate_limit": 10,
        "page_limit": 100,
        "db_url": None,
    }

    reply = ask(client, "POST", "configure", body)

    assert reply.json["configuration"] == body


def test_a_configuration_replaces_the_one_before(client: Client) -> None:
    first = {"file_type": "csv", "filter": None, "headers": {"X-Key": "a"}}
    ask(client, "POST", "configure", first)

    ask(client, "POST", "configure", {"file_type": "json", "limit": 5})

    assert kept() == {"file_type": "json", "limit": 5}
    assert SavedConfiguration.objects.get().sealed == ""


def test_extras_are_echoed_only_when_they_are_given(client: Client) -> None:
    extras = {
        "source_url": "http://example.com/a.json?x=1",
        "source_format": "json",
        "paging": {"style": "cursor", "cursor_path": "meta.next", "size": 50},
        "types": {"a": "integer"},
        "group_by": ["a"],
        "aggregates": [{"function": "count"}, {"function": "sum", "column": "b"}],
        "select": ["a", "sum_b"],
        "sort": [{"column": "a", "descending": True}],
        "limit": 10,
        "inner_type": "json",
        "file_name": "größe.zip",
    }

    reply = ask(client, "POST", "configure", {"file_type": "zip", **extras})

    original = {"tmp_dir": None, "rate_limit": None, "page_limit": None, "db_url": None}
    echo = reply.json["configuration"]
    assert echo == {"file_type": "zip", **original, **extras}
    assert list(echo)[:5] == [
        *("file_type", "tmp_dir", "rate_limit", "page_limit", "db_url"),
    ]


def test_a_sort_key_may_be_a_name_with_a_minus(client: Client) -> None:
    body = {"file_type": "csv", "sort": ["-a", "b"]}

    reply = ask(client, "POST", "configure", body)

    assert reply.json["configuration"]["sort"] == [
        {"column": "a", "descending": True},
        {"column": "b", "descending": False},
    ]


def test_secrets_are_echoed_as_stars(client: Client) -> None:
    body = {
        "file_type": "csv",
        "headers": {"X-Key": "s3cret", "type": "s3cret"},
        "auth": {"type": "basic", "username": "s3cret", "password": "s3cret"},
    }

    reply = ask(client, "POST", "configure", body)

    echo = reply.json["configuration"]
    assert echo["headers"] == {"X-Key": "***", "type": "***"}
    assert echo["auth"] == {"type": "basic", "username": "***", "password": "***"}
    assert b"s3cret" not in reply.body
    saved = SavedConfiguration.objects.get()
    assert saved.body == {"file_type": "csv"}
    assert "s3cret" not in saved.sealed


@pytest.mark.parametrize("name", ["csv", "json", "xlsx", "zip", "ndjson", "parquet"])
def test_every_file_type_is_taken(client: Client, name: str) -> None:
    assert ask(client, "POST", "configure", {"file_type": name}).status == 200


def test_a_database_is_named(client: Client, settings: Settings) -> None:
    settings.SOURCE_DATABASES = parse_databases(
        '{"sales": {"url": "sqlite:///x", "tables": ["orders"]}}'
    )
    body = {"file_type": "csv", "db_url": "sales", "table": "orders"}

    reply = ask(client, "POST", "configure", body)

    assert reply.status == 200
    assert kept() == body


def test_a_db_url_may_be_a_source_on_the_web(client: Client) -> None:
    body = {"file_type": "csv", "db_url": "HTTPS://example.com/rows"}

    assert ask(client, "POST", "configure", body).status == 200
