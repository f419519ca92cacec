"""POST /api/export/inputs: a column defined, or defined anew (contract 3.4.1)."""

from typing import Any

import pytest
from django.test import Client

from exports.models import SavedInput
from tests.support.fetchtozip import ask

pytestmark = pytest.mark.django_db


def saved() -> list[tuple[Any, ...]]:
    rows = SavedInput.objects.order_by("pk")
    return list(rows.values_list("name", "column", "change_order"))


def test_an_input_is_added_and_echoed(client: Client) -> None:
    reply = ask(
        client,
        "POST",
        "inputs",
        '{"name": "revenue", "column": 3, "change_order": 1}',
    )

    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.body == (
        b'{"message":"Input added/updated successfully",'
        b'"input":{"name":"revenue","column":3,"change_order":1}}'
    )
    assert saved() == [("revenue", 3, 1)]


def test_what_is_absent_is_null(client: Client) -> None:
    reply = ask(client, "POST", "inputs", {"name": "revenue"})

    assert reply.body.endswith(
        b'"input":{"name":"revenue","column":null,"change_order":null}}'
    )


def test_an_input_of_the_same_name_is_replaced_in_its_place(client: Client) -> None:
    ask(client, "POST", "inputs", {"name": "a", "column": 1, "change_order": 9})
    ask(client, "POST", "inputs", {"name": "b", "column": 2})

    reply = ask(client, "POST", "inputs", {"name": "a", "column": 5})

    assert reply.status == 200
    assert saved() == [("a", 5, None), ("b", 2, None)]


@pytest.mark.parametrize("body", [{}, {"column": 1}, {"name": None, "column": 1}])
def test_an_input_needs_a_name(client: Client, body: dict[str, Any]) -> None:
    reply = ask(client, "POST", "inputs", body)

    assert reply.status == 400
    assert reply.body == (
        b'{"detail":"Input \'name\' is required for adding or updating a single '
        b'input."}'
    )
    assert saved() == []


def test_numbers_may_come_as_text(client: Client) -> None:
    body = {"name": "a", "column": "3", "change_order": 2.0}

    reply = ask(client, "POST", "inputs", body)

    assert reply.json["input"] == {"name": "a", "column": 3, "change_order": 2}


def test_unknown_fields_pass_as_they_do_in_the_original(client: Client) -> None:
    reply = ask(client, "POST", "inputs", {"name": "a", "colour": "red"})

    assert reply.status == 200
    assert "colour" not in reply.json["input"]


@pytest.mark.parametrize("name", ["", " ", "größe", "名前", "🧮", "a" * 500])
def test_any_text_is_a_name(client: Client, name: str) -> None:
    reply = ask(client, "POST", "inputs", {"name": name, "column": -1})

    assert reply.json["input"]["name"] == name
    assert saved() == [(name, -1, None)]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"name": "a\\u0000b"}', ("string_unstorable", ["body", "name"])),
        ('{"name": "\\ud800"}', ("string_unicode", ["body", "name"])),
        ({"name": "a" * 501}, ("string_too_long", ["body", "name"])),
        ({"name": 5}, ("string_type", ["body", "name"])),
        ({"name": "a", "column": 2**63}, ("less_than_equal", ["body", "column"])),
        ({"name": "a", "column": -(2**63) - 1}, ("greater_than_equal", None)),
        ({"name": "a", "column": 10**4000}, ("less_than_equal", None)),
        ({"name": "a", "column": 1.5}, ("int_from_float", ["body", "column"])),
        ('{"name": "a", "column": 1e999}', ("finite_number", ["body", "column"])),
        ({"name": "a", "change_order": [1]}, ("int_type", ["body", "change_order"])),
        ([1], ("model_attributes_type", ["body"])),
        ('"text"', ("model_attributes_type", ["body"])),
    ],
)
def test_what_cannot_be_kept_is_unprocessable(
    client: Client, body: Any, told: tuple[str, list[str] | None]
) -> None:
    kind, where = told

    reply = ask(client, "POST", "inputs", body)

    assert reply.status == 422
    [item] = reply.detail
    assert item["type"] == kind
    assert item["loc"] == (where or ["body", "column"])
    assert set(item) >= {"type", "loc", "msg", "input"}
    assert saved() == []
