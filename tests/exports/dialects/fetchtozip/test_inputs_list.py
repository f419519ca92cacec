"""GET /api/export/inputs-list and DELETE /api/export/inputs-clear."""

import pytest
from django.test import Client

from exports.models import SavedInput
from tests.support.fetchtozip import ask

pytestmark = pytest.mark.django_db


def test_inputs_are_listed_in_the_order_of_their_first_appearance(
    client: Client,
) -> None:
    ask(client, "POST", "inputs", {"name": "z", "column": 1})
    ask(client, "POST", "bulk-inputs", [{"name": "a"}, {"name": "z", "column": 2}])

    reply = ask(client, "GET", "inputs-list")

    assert reply.status == 200
    assert reply.body == (
        b'{"inputs":[{"name":"z","column":2,"change_order":null},'
        b'{"name":"a","column":null,"change_order":null}],"count":2}'
    )


def test_without_inputs_the_list_is_empty(client: Client) -> None:
    reply = ask(client, "GET", "inputs-list")

    assert reply.body == b'{"inputs":[],"count":0}'


def test_clearing_forgets_all(client: Client) -> None:
    ask(client, "POST", "inputs", {"name": "z", "column": 1})

    reply = ask(client, "DELETE", "inputs-clear")

    assert reply.status == 200
    assert reply.body == b'{"message":"All inputs cleared"}'
    assert SavedInput.objects.count() == 0
    assert ask(client, "DELETE", "inputs-clear").status == 200


def test_the_text_of_names_is_sent_as_it_is(client: Client) -> None:
    ask(client, "POST", "inputs", {"name": "größe"})

    reply = ask(client, "GET", "inputs-list")

    assert '"name":"größe"'.encode() in reply.body
