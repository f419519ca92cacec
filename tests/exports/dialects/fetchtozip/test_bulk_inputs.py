"""POST /api/export/bulk-inputs: several columns in one transaction."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from exports.models import SavedInput
from tests.support.fetchtozip import ask

pytestmark = pytest.mark.django_db


def saved() -> list[tuple[Any, ...]]:
    rows = SavedInput.objects.order_by("pk")
    return list(rows.values_list("name", "column", "change_order"))


def test_what_is_new_is_added_and_what_is_known_updated(client: Client) -> None:
    ask(client, "POST", "inputs", {"name": "a", "column": 7})

    reply = ask(
        client,
        "POST",
        "bulk-inputs",
        '[{"name": "b", "column": 2}, {"name": "a", "column": 1}]',
    )

    assert reply.status == 200
    assert reply.body == (
        b'{"message":"Successfully added 1 and updated 1 inputs",'
        b'"added_count":1,"updated_count":1}'
    )
    assert saved() == [("a", 1, None), ("b", 2, None)]


def test_what_has_no_name_is_left_out(client: Client) -> None:
    body = [{"column": 1}, {"name": "a"}, {"name": None}]

    reply = ask(client, "POST", "bulk-inputs", body)

    assert reply.json["added_count"] == 1
    assert reply.json["updated_count"] == 0
    assert saved() == [("a", None, None)]


def test_a_list_in_which_nothing_has_a_name_adds_nothing(client: Client) -> None:
    reply = ask(client, "POST", "bulk-inputs", [{}, {"column": 1}])

    assert reply.status == 200
    assert reply.json["message"] == "Successfully added 0 and updated 0 inputs"


def test_a_name_twice_is_added_then_updated_and_the_later_wins(
    client: Client,
) -> None:
    body = [
        {"name": "a", "column": 1, "change_order": 5},
        {"name": "b", "column": 2},
        {"name": "a", "column": 3},
    ]

    reply = ask(client, "POST", "bulk-inputs", body)

    assert reply.json["added_count"] == 2
    assert reply.json["updated_count"] == 1
    assert saved() == [("a", 3, None), ("b", 2, None)]


def test_an_empty_list_is_refused(client: Client) -> None:
    reply = ask(client, "POST", "bulk-inputs", [])

    assert reply.status == 400
    assert reply.body == b'{"detail":"No inputs provided in the list."}'


def test_an_object_instead_of_a_list_is_unprocessable(client: Client) -> None:
    reply = ask(client, "POST", "bulk-inputs", '{"name":"a","column":1}')

    assert reply.status == 422
    assert reply.body == (
        b'{"detail":[{"type":"list_type","loc":["body"],'
        b'"msg":"Input should be a valid list","input":{"name":"a","column":1}}]}'
    )


def test_one_bad_item_keeps_all_out_and_is_named_by_its_place(client: Client) -> None:
    body = [{"name": "a"}, {"name": "b", "column": "abc"}]

    reply = ask(client, "POST", "bulk-inputs", body)

    assert reply.status == 422
    assert reply.detail[0]["loc"] == ["body", 1, "column"]
    assert saved() == []


def test_of_many_faults_a_hundred_are_told(client: Client) -> None:
    reply = ask(client, "POST", "bulk-inputs", [{"column": "x"}] * 3000)

    assert reply.status == 422
    assert len(reply.detail) == 100


def test_as_many_columns_as_a_sheet_has_come_in_by_few_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    body = [{"name": f"c{number}", "column": number} for number in range(16_384)]

    with django_assert_max_num_queries(80):
        reply = ask(client, "POST", "bulk-inputs", body)

    assert reply.json["added_count"] == 16_384
    assert SavedInput.objects.count() == 16_384
    again = ask(client, "POST", "bulk-inputs", body[:5000])
    assert again.json["updated_count"] == 5000
    more = ask(client, "POST", "inputs", {"name": "one more"})
    assert more.status == 400
    assert more.detail == "No more than 16384 inputs can be defined."
    assert ask(client, "POST", "inputs", {"name": "c1"}).status == 200


def test_a_longer_list_is_unprocessable(client: Client) -> None:
    reply = ask(client, "POST", "bulk-inputs", [{"column": "x"}] * 16_385)

    assert reply.status == 422
    assert reply.detail == [
        {
            "type": "too_long",
            "loc": ["body"],
            "msg": "List should have at most 16384 items, not 16385",
            "input": [],
            "ctx": {"field_type": "List", "max_length": 16384, "actual_length": 16385},
        }
    ]
