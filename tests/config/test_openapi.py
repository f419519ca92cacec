"""The API's description is valid, whole, and says what the service does."""

import json
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from config import openapi, routes
from tests.support.wire_examples import (
    exchanges,
    operation_of,
    value_of,
    written,
)

METHODS = ("get", "post", "put", "patch", "delete")
# What answers that there is nothing, or not by this method; and pages for people.
NO_OPERATIONS = ("NotFound", "NotAPost", "not_served")
FOR_PEOPLE = (
    "tasks.oidc.",
    "config.docs",
    "registry.dialects.pages.",
    "exports.dialects.pages.",
)
FOR_PAGES = {"/export/new/{task_id}/follow"}

Json = dict[str, Any]


def operations() -> dict[str, Json]:
    return {
        f"{method.upper()} {path}": one
        for path, item in openapi.document()["paths"].items()
        for method, one in item.items()
        if method != "parameters"
    }


def served() -> set[str]:
    found = {"GET /healthz"}
    for kind, path in routes.waiting_routes():
        if path in FOR_PAGES:
            continue
        found.add(f"{'GET' if kind == 'websocket' else kind} {path}")
    for route in routes.django_routes():
        view = getattr(route.view, "cls", route.view)
        is_page = f"{view.__module__}.".startswith(FOR_PEOPLE)
        if not is_page and view.__name__ not in NO_OPERATIONS:
            methods = [name for name in METHODS if name in vars(view)] or ["get"]
            found |= {f"{name.upper()} {route.path}" for name in methods}
    return found


def fits(value: Any, schema: Json) -> None:
    whole = {**schema, "components": openapi.document()["components"]}
    errors = [one.message for one in Draft202012Validator(whole).iter_errors(value)]
    assert errors == [], json.dumps(value)[:500]


def schema_of(place: Json) -> Json | None:
    content = list(place.get("content", {}).values())
    return content[0]["schema"] if content else None


def test_it_is_valid() -> None:
    validate_schema(openapi.document())  # type: ignore[no-untyped-call] # it has none


def test_each_operation_is_described_and_no_other() -> None:
    assert set(operations()) == served()


def test_each_reply_of_an_exchange_is_described() -> None:
    paths = openapi.document()["paths"]
    checked = 0
    for name, one in exchanges():
        key = operation_of(one["request"], paths)
        if key is None:
            continue
        replies = operations()[key]["responses"]
        assert str(one["reply"]["status"]) in replies, (name, key)
        schema = schema_of(replies[str(one["reply"]["status"])])
        body = one["reply"]["body"]
        if schema and "<" not in json.dumps(body):
            fits(value_of(body), schema)
            checked += 1
    assert checked > 100


def test_its_examples_are_those_of_the_wire() -> None:
    assert openapi.EXAMPLES.read_text() == written(), "run `make examples`"


@pytest.mark.parametrize("key", sorted(operations()))
def test_its_examples_are_what_its_schemas_say(key: str) -> None:
    one = operations()[key]
    for place in [one.get("requestBody", {}), *one["responses"].values()]:
        for content in place.get("content", {}).values():
            for example in content.get("examples", {}).values():
                fits(example["value"], content["schema"])


def test_most_dialects_show_examples() -> None:
    shown = {
        one["tags"][0]
        for one in operations().values()
        if '"examples"' in json.dumps(one)
    }

    assert shown >= {"specs", "exports", "deliveries", "tasks", "jobs"}


def test_each_way_to_come_in_is_described() -> None:
    schemes = openapi.document()["components"]["securitySchemes"]

    named = {
        name for one in operations().values() for way in one["security"] for name in way
    }

    assert named == set(schemes)


def test_two_dialects_cannot_describe_the_same() -> None:
    with pytest.raises(ValueError, match="Two dialects describe Job"):
        openapi._add({"Job": {}}, {"Job": {}, "Other": {}})


def test_it_is_served_as_json(client: Client) -> None:
    reply = client.get("/openapi.json")

    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json() == openapi.document()
