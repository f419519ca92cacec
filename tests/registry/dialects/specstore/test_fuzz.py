"""Whatever comes in, the reply is one of the contract's and never a 5xx."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.specstore import row_counts, spec_of, table, token_of

FEW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TEXT = st.text(max_size=30)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.sampled_from(
    [
        *("meta", "ownerid", "dataset", "inputs", "kind", "datapackage", "parameters"),
        *("descriptor", "resources", "name", "path", "schema", "fields", "processing"),
        *("me", "id", "schedule", "every 1d", "outputs", "http://example.com/a.csv"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS | TEXT, inner, max_size=5)
    ),
    max_leaves=20,
)
CONTENT_TYPES = st.sampled_from(
    [
        *("application/json", "application/json; charset=utf-8", "APPLICATION/JSON"),
        *("application/ld+json", "text/json", "text/plain", "", "a/b; c"),
        *("application/x-www-form-urlencoded", "multipart/form-data; boundary=b"),
    ]
)
HEADER_TEXT = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"),
    max_size=40,
)

pytestmark = pytest.mark.django_db


def is_of_the_contract(reply: Any) -> None:
    assert reply.status_code in {200, 400}
    body = reply.json()
    assert set(body) == {"dataset_id", "errors", "flow_id", "success"}
    assert body["success"] is (body["errors"] == []) is (body["flow_id"] is not None)
    assert all(isinstance(error, str) for error in body["errors"])


@FEW
@given(contents=JSON)
def test_any_json_is_answered(client: Client, contents: object) -> None:
    before = row_counts()

    reply = client.generic(
        "POST",
        "/source/upload",
        data=json.dumps(contents),
        content_type="application/json",
        headers={"Auth-Token": token_of("me")},
    )

    is_of_the_contract(reply)
    assert row_counts() == before


@FEW
@given(part=JSON, at=st.integers(0, 4))
def test_any_json_inside_a_good_spec_is_answered(
    client: Client, part: object, at: int
) -> None:
    spec = spec_of(table("a", "http://example.com/a.csv"))
    places: list[tuple[Any, Any]] = [
        (spec["inputs"][0]["parameters"], "descriptor"),
        (spec["inputs"][0]["parameters"]["descriptor"]["resources"], 0),
        (spec["inputs"][0]["parameters"]["descriptor"]["resources"][0], "schema"),
        (spec, "processing"),
        (spec, "outputs"),
    ]
    place, key = places[at]
    place[key] = part
    before = row_counts()

    reply = client.post(
        "/source/upload",
        data=spec,
        content_type="application/json",
        headers={"Auth-Token": token_of("me")},
    )

    is_of_the_contract(reply)
    if reply.json()["success"]:
        assert client.get("/source/me/id/latest").status_code == 200
    else:
        assert row_counts() == before


@FEW
@given(body=st.binary(max_size=200) | TEXT, content_type=CONTENT_TYPES)
def test_any_body_of_any_type_is_answered(
    client: Client, body: bytes | str, content_type: str
) -> None:
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body

    reply = client.generic(
        "POST", "/source/upload", data=data, content_type=content_type
    )

    is_of_the_contract(reply)
    assert set(row_counts().values()) == {0}


@FEW
@given(header=HEADER_TEXT, query=TEXT, form=TEXT)
def test_any_token_anywhere_is_answered(
    client: Client, header: str, query: str, form: str
) -> None:
    for content_type in ("application/json", "application/x-www-form-urlencoded"):
        json_body = content_type == "application/json"

        reply = client.generic(
            "POST",
            "/source/upload",
            data=json.dumps(spec_of()) if json_body else f"jwt={form}",
            content_type=content_type,
            headers={"Auth-Token": header},
            query_params={"jwt": query},
        )

        is_of_the_contract(reply)
        assert reply.json()["success"] is False


@FEW
@given(names=st.lists(TEXT | st.just("latest") | st.just("1"), min_size=3, max_size=4))
def test_any_path_is_found_or_not_found(client: Client, names: list[str]) -> None:
    for root in ("/source", "/datasets"):
        path = "/".join([root, *names])

        reply = client.generic("GET", path.replace("?", "%3F").replace("#", "%23"))

        assert reply.status_code == 404
