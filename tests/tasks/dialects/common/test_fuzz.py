"""Whatever comes in, the answer is an envelope and never a 5xx."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.models import Asset
from tests.support.common import ASSETS, RESULT, START, TASK, Api

FEW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TEXT = st.text(st.characters(codec=None), max_size=20)
NUMBERS = st.integers() | st.floats() | st.sampled_from([2**63, -(2**63) - 1, 10**30])
FIELDS = ["task_id", "data", "last", "file_name", "attributes", "download_url"]
WORDS = st.sampled_from(
    [
        *(*FIELDS, "processor", "on_failure", "archive", "gallery", "stop", "continue"),
        *("http://files.test/a", "https://[::1]/", "a.jpg", "../a", "\0", "CON", "."),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS | TEXT, inner, max_size=5)
    ),
    max_leaves=15,
)
ASSET = st.fixed_dictionaries(
    {
        "file_name": TEXT | WORDS,
        "download_url": st.just("http://files.test/a") | JSON,
    },
    optional={"attributes": st.dictionaries(TEXT | WORDS, JSON, max_size=3) | JSON},
)

pytestmark = pytest.mark.django_db


def is_an_envelope(api: Api, method: str, path: str, body: Any) -> int:
    reply = api.ask(method, path, body)
    assert reply.status in {200, 400, 404, 409}
    if reply.status == 200:
        assert reply.json["success"] is True
    else:
        assert reply.refusal
    return reply.status


@FEW
@given(path=st.sampled_from([TASK, ASSETS, START]), body=JSON)
def test_any_json_is_answered(alice: Api, path: str, body: object) -> None:
    is_an_envelope(alice, "POST", path, json.dumps(body))


@FEW
@given(
    path=st.sampled_from([TASK, ASSETS, START]),
    body=st.binary(max_size=100) | TEXT,
)
def test_any_bytes_are_answered(alice: Api, path: str, body: bytes | str) -> None:
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body

    is_an_envelope(alice, "POST", path, raw)


@FEW
@given(assets=st.lists(ASSET, max_size=4))
def test_any_assets_are_taken_all_or_not_at_all(alice: Api, assets: list[Any]) -> None:
    task_id = alice.create()
    body = json.dumps({"task_id": task_id, "data": assets})

    status = is_an_envelope(alice, "POST", ASSETS, body)

    taken = Asset.objects.filter(task_id=task_id)
    named = {(one["file_name"], str(one["download_url"])) for one in assets}
    assert taken.count() == (len(named) if status == 200 else 0)
    if status == 200:
        alice.status(task_id)


@FEW
@given(
    path=st.sampled_from([TASK, RESULT, START]),
    method=st.sampled_from(["GET", "DELETE", "POST"]),
    query=st.text(max_size=40),
)
def test_any_query_is_answered(alice: Api, path: str, method: str, query: str) -> None:
    as_id = alice.ask(method, f"{path}?id={quote(query)}")
    as_query = alice.ask(method, f"{path}?{quote(query, safe='&=%;')}")

    for one in (as_id, as_query):
        assert one.status in {200, 400, 404, 405}
        json.loads(one.body)
