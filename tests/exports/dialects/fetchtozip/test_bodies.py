"""Bodies that are not what an endpoint takes: the 422s of contract 3.4.1."""

import gzip
import json

import pytest
from django.test import Client
from pytest_django import Settings

from tests.support.fetchtozip import ask

pytestmark = pytest.mark.django_db


def test_text_that_is_no_number(client: Client) -> None:
    reply = ask(client, "POST", "inputs", '{"name":"a","column":"abc"}')

    assert reply.status == 422
    assert reply.body == (
        b'{"detail":[{"type":"int_parsing","loc":["body","column"],'
        b'"msg":"Input should be a valid integer, unable to parse string as an '
        b'integer","input":"abc"}]}'
    )


def test_json_that_is_none(client: Client) -> None:
    reply = ask(client, "POST", "inputs", "{not json")

    assert reply.status == 422
    assert reply.body == (
        b'{"detail":[{"type":"json_invalid","loc":["body",1],'
        b'"msg":"JSON decode error","input":{},'
        b'"ctx":{"error":"Expecting property name enclosed in double quotes"}}]}'
    )


@pytest.mark.parametrize("body", ["", "null"])
@pytest.mark.parametrize("path", ["inputs", "bulk-inputs", "configure"])
def test_no_body_at_all(client: Client, path: str, body: str) -> None:
    reply = ask(client, "POST", path, body)

    assert reply.status == 422
    assert reply.body == (
        b'{"detail":[{"type":"missing","loc":["body"],'
        b'"msg":"Field required","input":null}]}'
    )


@pytest.mark.parametrize(
    "content_type",
    ["", "application/x-www-form-urlencoded", "text/plain", "nonsense", "a/b; c"],
)
def test_json_is_read_whatever_its_content_type(
    client: Client, content_type: str
) -> None:
    reply = ask(client, "POST", "inputs", {"name": "a"}, content_type=content_type)

    assert reply.status == 200


@pytest.mark.parametrize(
    ("body", "position", "why"),
    [
        (b"  ", 2, "Expecting value"),
        (b'{"a": nul}', 6, "Expecting value"),
        (b'{"a": NaN}', 6, "NaN is no JSON number"),
        (b'["NaN", -Infinity]', 8, "-Infinity is no JSON number"),
        (b'"\xff"', 1, "Not utf-8: invalid start byte"),
        (b"[" * 100_000, 0, "Nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", 0, "Exceeds the limit (4300 digits)"),
        (b'{"name": "a"} x', 14, "Extra data"),
        (gzip.compress(b'{"name": "a"}', mtime=0), 1, "Not utf-8"),
    ],
)
def test_broken_json_is_told_with_its_position(
    client: Client, body: bytes, position: int, why: str
) -> None:
    reply = ask(client, "POST", "bulk-inputs", body)

    assert reply.status == 422
    [item] = reply.detail
    assert item["type"] == "json_invalid"
    assert item["loc"] == ["body", position]
    assert item["ctx"]["error"].startswith(why)


def test_json_in_utf_16_is_read_as_the_original_reads_it(client: Client) -> None:
    body = json.dumps({"name": "größe"}).encode("utf-16")

    reply = ask(client, "POST", "inputs", body)

    assert reply.json["input"]["name"] == "größe"


def test_a_body_over_the_limit_is_too_large(client: Client, settings: Settings) -> None:
    settings.MAX_BODY_MB = 1
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20

    for path in ("inputs", "bulk-inputs", "configure", "preview"):
        reply = ask(client, "POST", path, b"x" * ((1 << 20) + 1))

        assert reply.status == 413
        assert reply.body == b'{"detail":"The body is larger than 1 MB."}'


@pytest.mark.parametrize("nested", [5, 100, 900])
def test_a_deep_body_is_quoted_only_so_deep(client: Client, nested: int) -> None:
    reply = ask(client, "POST", "inputs", "[" * nested + "]" * nested)

    assert reply.status == 422
    assert len(reply.body) < 300


def test_a_long_body_is_quoted_only_in_part(client: Client) -> None:
    body = {"name": "x" * 10_000, "column": ["y" * 1000] * 1000}

    reply = ask(client, "POST", "inputs", body)

    assert reply.status == 422
    name, column = (item["input"] for item in reply.detail)
    assert name == "x" * 500 + "…"
    assert column == ["y" * 500 + "…"] * 50


def test_a_text_of_slashes_takes_no_time(client: Client) -> None:
    reply = ask(client, "POST", "inputs", json.dumps("/key" * (1 << 20)))

    assert reply.status == 422


def test_what_could_be_a_secret_is_not_quoted(client: Client) -> None:
    bodies = [
        {"file_typ": "csv", "headers": {"X": "s3cret"}, "haeders": "s3cret"},
        {"file_type": "csv", "authorization": "s3cret"},
        {"file_type": "csv", "auth": "s3cret"},
        {"file_type": "csv", "auth": {"type": "basic", "username": ["s3cret"]}},
        {"file_type": "csv", "headers": ["s3cret"]},
        {"file_type": "csv", "headers": {"X": "s3cret\n"}},
        {"file_type": "csv", "source_url": "http://x:s3cret@h/", "limit": 0},
        {"file_type": "csv", "db_url": "mysql://x:s3cret@h/y"},
        json.dumps({"file_type": "csv", "auth": {"token": "s3cret"}}),
        [{"headers": {"X": "s3cret"}}],
    ]
    for body in bodies:
        reply = ask(client, "POST", "configure", json.dumps(body))

        assert reply.status == 422
        assert b"s3cret" not in reply.body, body
