"""Whatever comes in, the answer is one of the contract's and never a 5xx."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exports.request import Configuration, Paging
from tests.support.fetchtozip import SOURCE, ask

FEW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TEXT = st.text(st.characters(codec=None), max_size=20)
NUMBERS = st.integers() | st.floats() | st.sampled_from([2**63, -(2**63) - 1, 10**30])
WORDS = st.sampled_from(
    [
        *Configuration.model_fields,
        *Paging.model_fields,
        *("name", "column", "change_order", "function", "type", "basic", "none"),
        *(
            "csv",
            "zip",
            "count",
            "page",
            "cursor",
            "http://example.com/",
            "-a",
            "a = 1",
        ),
        *("\0", "../x", "/", "integer", "sales"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS | TEXT, inner, max_size=5)
    ),
    max_leaves=15,
)
PATHS = st.sampled_from(["inputs", "bulk-inputs", "configure"])

pytestmark = pytest.mark.django_db


def is_of_the_contract(client: Client, path: str, body: Any) -> int:
    reply = ask(client, "POST", path, body)
    assert reply.status in {200, 400, 422}
    if reply.status == 400:
        assert isinstance(reply.detail, str)
    if reply.status == 422:
        for item in reply.detail:
            assert set(item) >= {"type", "loc", "msg", "input"}
            assert item["loc"][0] == "body"
    return reply.status


@FEW
@given(path=PATHS, body=JSON)
def test_any_json_is_answered(client: Client, path: str, body: object) -> None:
    is_of_the_contract(client, path, json.dumps(body))


@FEW
@given(path=PATHS, body=st.binary(max_size=100) | TEXT)
def test_any_bytes_are_answered(client: Client, path: str, body: bytes | str) -> None:
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body

    is_of_the_contract(client, path, raw)


@FEW
@given(names=st.lists(TEXT | NUMBERS | st.none(), max_size=5))
def test_what_was_taken_is_listed(client: Client, names: list[Any]) -> None:
    ask(client, "DELETE", "inputs-clear")
    body = [{"name": name, "column": name} for name in names]

    status = is_of_the_contract(client, "bulk-inputs", json.dumps(body))

    listed = ask(client, "GET", "inputs-list")
    assert listed.status == 200
    if status == 200:
        kept = {name for name in names if name is not None}
        assert {one["name"] for one in listed.json["inputs"]} == kept


@FEW
@given(field=st.sampled_from(sorted(Configuration.model_fields)), value=JSON)
def test_any_field_of_a_configuration_can_be_started_or_is_refused(
    client: Client, field: str, value: object
) -> None:
    ask(client, "POST", "inputs", {"name": "a"})
    body = {"file_type": "csv", "source_url": SOURCE, field: value}

    if is_of_the_contract(client, "configure", json.dumps(body)) == 200:
        assert ask(client, "POST", "start").status in {200, 400}


@FEW
@given(filter_=st.text("abc =<>!()&|'\"10,.^*-~andorit\0é", max_size=30))
def test_any_filter_is_taken_or_its_fault_has_a_place(
    client: Client, filter_: str
) -> None:
    body = {"file_type": "csv", "filter": filter_}

    reply = ask(client, "POST", "configure", body)

    assert reply.status in {200, 422}
    if reply.status == 422:
        assert reply.detail[0]["loc"] == ["body", "filter"]


@FEW
@given(
    path=st.text(st.characters(codec="utf-8"), max_size=30),
    method=st.sampled_from(["GET", "POST", "DELETE", "HEAD"]),
)
def test_any_path_is_answered(client: Client, path: str, method: str) -> None:
    quoted = path.replace("?", "%3F").replace("#", "%23").replace("%", "%25")

    reply = ask(client, method, quoted)

    assert reply.status in {404, 405}
