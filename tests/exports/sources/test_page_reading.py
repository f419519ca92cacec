"""What is in a page: its types, its format, and what is no table at all."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tasks.models import Job
from tests.support.pages import fetched, page, rows_of
from tests.support.sources import Sources
from tests.tasks.outbound.servers import ok

Fetch = Callable[..., Job]

ONE_PAGE = {"page_limit": 1}
ITEMS = {"items_path": "data.items"}


def served(sources: Sources, body: bytes, *headers: str) -> str:
    return sources.act("/rows", ok(body, *headers))


def test_values_have_the_types_that_json_gave_them(
    sources: Sources, fetch: Fetch
) -> None:
    rows = [
        {"i": 9007199254740993, "b": 2**70, "f": 1.0, "t": "1", "y": True, "n": None},
        {"i": -1, "b": 0, "f": 2.5, "t": "\U0001f600", "y": False, "n": None},
    ]
    url = sources.act("/rows", page(rows))

    job = fetch(url, **ONE_PAGE)

    assert rows_of(job) == rows
    assert fetched(job)["schema"] == {
        "i": "Int64",
        "b": "Int128",
        "f": "Float64",
        "t": "String",
        "y": "Boolean",
        "n": "String",
    }


def test_a_column_of_mixed_values_is_text(sources: Sources, fetch: Fetch) -> None:
    url = sources.act("/rows", page([{"v": 1}, {"v": "one"}, {"v": {"a": 1}}]))

    job = fetch(url, **ONE_PAGE)

    assert rows_of(job) == [{"v": "1"}, {"v": "one"}, {"v": '{"a": 1}'}]


def test_rows_are_found_at_their_place_in_an_object(
    sources: Sources, fetch: Fetch
) -> None:
    body = {
        "items": "not these",
        "data": {"note": ["[", {"items": 1}], "items": [{"id": 2**60}], "z": "]}"},
    }
    url = sources.act("/rows", page(body))

    job = fetch(url, paging=ITEMS, **ONE_PAGE)

    assert rows_of(job) == [{"id": 2**60}]


@pytest.mark.parametrize(
    ("declared", "media_type", "body"),
    [
        ("csv", "text/plain", b"id,name\n1,a\n2,b\n"),
        ("", "text/csv; charset=utf-8", b"id,name\n1,a\n2,b\n"),
        ("tsv", "", b"id\tname\n1\ta\n2\tb\n"),
    ],
    ids=["declared", "by media type", "tsv"],
)
def test_delimited_pages_are_text_and_end_with_an_empty_one(
    declared: str, media_type: str, body: bytes, sources: Sources, fetch: Fetch
) -> None:
    header = f"Content-Type: {media_type}"
    last = body.partition(b"\n")[0] + b"\n"
    url = sources.act("/rows", ok(body, header), ok(last, header))

    job = fetch(url, source_format=declared)

    assert rows_of(job) == [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]


@pytest.mark.parametrize("last", [b"", b"\n"], ids=["nothing", "a line end"])
def test_lines_of_json_end_with_an_empty_page(
    last: bytes, sources: Sources, fetch: Fetch
) -> None:
    url = sources.act("/rows", ok(b'{"id": 1}\n{"id": 2}\n'), ok(last))

    job = fetch(url, source_format="ndjson")

    assert rows_of(job) == [{"id": 1}, {"id": 2}]


def test_no_content_is_the_end(sources: Sources, fetch: Fetch) -> None:
    url = sources.act("/rows", page([{"id": 1}]), b"HTTP/1.1 204 No Content\r\n\r\n")

    job = fetch(url)

    assert rows_of(job) == [{"id": 1}]


HTML = b"<!DOCTYPE html>\n<html><body>Please\x00 log in</body></html>"
DEEP = b'[{"a":' + b"[" * 5000 + b"]" * 5000 + b"}]"


@pytest.mark.parametrize(
    ("body", "paging", "said"),
    [
        (HTML, {}, "is an HTML or XML page, not a table. It begins: <!DOCTYPE html>"),
        (HTML, ITEMS, "It begins: <!DOCTYPE html>"),
        (b"Service is asleep", {}, "It is no JSON array. It begins: Service is asleep"),
        (b"", {}, "It is empty."),
        (b'{"error": "no"}', {}, "one JSON object, not an array of them: name the"),
        (b"[1, 2]", {}, "Element 1: a JSON object is expected."),
        (b'[{"id": 1}, {"id": 2}', {}, "The JSON is cut off"),
        (b'[{"id": 1}] []', {}, "more text after the end"),
        (b'[{"id": 1]', {}, "not valid JSON"),
        (b'{"data": {}}', ITEMS, "There is nothing at 'data.items'."),
        (b'{"data": [1]}', ITEMS, "There is nothing at 'data.items'."),
        (b'{"data": {"items": {}}}', ITEMS, "There is no array at 'data.items'."),
        (b'{"data": {"items": [{"id": 1}', ITEMS, "It is not valid JSON"),
        (DEEP, {}, "nested"),
        (b'{"x": ' + DEEP + b', "data": 1}', ITEMS, "nested too deeply"),
        (b'[{"a": "\\ud83d"}]', {}, "half a surrogate pair"),
        (b"\x89PNG\r\n", {}, "is an image"),
    ],
    ids=range(17),
)
def test_what_is_no_page_fails_with_its_number_and_its_start(
    body: bytes, paging: dict[str, Any], said: str, sources: Sources, fetch: Fetch
) -> None:
    url = served(sources, body, "Content-Type: application/json")

    job = fetch(f"{url}?key=hush", paging=paging)

    start = f"Page 1 of {url}: status 200, application/json: "
    assert (job.state, job.error_code) == ("failed", "bad_page")
    assert job.error.startswith(start)
    assert said in job.error
    assert job.error.isprintable()
    assert len(job.error) < 600


def test_what_begins_a_page_is_shown_without_the_secrets_sent(
    sources: Sources, fetch: Fetch
) -> None:
    url = served(sources, b"You sent Authorization: Bearer s3cr3t-token")

    job = fetch(url, headers={"Authorization": "Bearer s3cr3t-token"})

    assert job.state == "failed"
    assert "You sent Authorization: …" in job.error
    assert "s3cr3t" not in job.error


def test_a_secret_that_an_error_breaks_off_in_is_not_shown_either(
    sources: Sources, fetch: Fetch
) -> None:
    body = b"x" * 180 + b"s3cr3t-token-that-is-long"
    url = sources.act("/rows", ok(body, status="403 Forbidden"))

    job = fetch(url, headers={"X-Key": "s3cr3t-token-that-is-long"})

    assert job.error.endswith(f"status 403. It begins: {'x' * 180}")


def test_objects_without_keys_are_rows_too(sources: Sources, fetch: Fetch) -> None:
    url = sources.act("/rows", page([{}, {}]), page([{"a": 1}]), page([]))

    job = fetch(url, concurrency=1)

    assert fetched(job)["table"] == [{"a": None}, {"a": None}, {"a": 1}]


def test_a_page_larger_than_its_limit_fails(sources: Sources, fetch: Fetch) -> None:
    url = served(sources, b"[" + b" " * (64 << 20) + b"]")

    job = fetch(url)

    assert (job.state, job.error_code) == ("failed", "too_big")
    assert job.error.startswith("Page 1")


@pytest.mark.parametrize(
    ("cursor", "said"),
    [
        ({"a": 1}, "is neither text nor a number"),
        ([1], "is neither text nor a number"),
        (True, "is neither text nor a number"),
        ("half \ud83d", "half a character"),
    ],
    ids=["object", "array", "true", "surrogate"],
)
def test_a_cursor_that_cannot_be_sent_fails(
    cursor: object, said: str, sources: Sources, fetch: Fetch
) -> None:
    body = json.dumps({"items": [{"id": 1}], "next": cursor}).encode()
    url = served(sources, body)
    paging = {"style": "cursor", "items_path": "items", "cursor_path": "next"}

    job = fetch(url, paging=paging)

    assert (job.state, job.error_code) == ("failed", "bad_page")
    assert said in job.error


def test_columns_that_change_between_pages_are_kept_and_told(
    sources: Sources, fetch: Fetch
) -> None:
    url = sources.act(
        "/rows",
        page([{"id": 1, "price": 1, "note": None}]),
        page([{"id": 2, "price": 2.5, "note": "n"}]),
        page([{"id": "x3", "note": "n", "colour": "red"}]),
        page([]),
    )

    job = fetch(url, concurrency=1)

    assert fetched(job)["schema"] == {
        "id": "String",
        "price": "Float64",
        "note": "String",
        "colour": "String",
    }
    price, number, *_ = drifts = fetched(job)["drifts"]
    assert (price["page"], price["column"], price["what"]) == (2, "price", "changed")
    assert (number["page"], number["column"], number["what"]) == (3, "id", "changed")
    told = {(drift["page"], drift["column"], drift["what"]) for drift in drifts[2:]}
    assert told == {(3, "colour", "appeared"), (3, "price", "vanished")}
    assert len(fetched(job)["remarks"]) == 4


def test_long_integers_keep_every_digit_beside_a_page_of_floats(
    sources: Sources, fetch: Fetch
) -> None:
    url = sources.act("/rows", page([{"v": 2**53 + 1}]), page([{"v": 0.5}]), page([]))

    job = fetch(url, concurrency=1)

    assert fetched(job)["schema"] == {"v": "String"}
    assert fetched(job)["table"] == [{"v": "9007199254740993"}, {"v": "0.5"}]
    assert rows_of(job) == [{"v": 2**53 + 1}, {"v": 0.5}]


def test_a_page_may_hold_objects_in_arrays_and_brackets_in_text(
    sources: Sources, fetch: Fetch
) -> None:
    rows = [
        {"id": 1, "tags": [{"x": 1}, {"x": 2}], "t": "a }, { b"},
        {"id": 2, "tags": [{"x": 3}], "t": '},{"id": 9'},
    ]
    url = sources.act("/rows", page(rows), page([]))

    job = fetch(url)

    assert rows_of(job) == rows
