"""Every field of a spec wrong in turn: told, and nothing of it is saved."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.test import Client

from tests.support.specstore import post, revision_of, row_counts, spec_of, table

GOOD = spec_of(
    table(
        "a",
        "data/a.csv",
        "n:integer",
        format="csv",
        mediatype="text/csv",
        encoding="utf-8",
        title="A",
        description="The first.",
        dialect={"delimiter": ";"},
    ),
    {"name": "b", "data": [{"x": 1}]},
    schedule="every 1d",
    processing=[
        {
            "input": "a",
            "output": "a",
            "tabulator": {"headers": 1, "skip_rows": 0, "sheet": 1},
        }
    ],
    outputs=[{"kind": "zip", "parameters": {"out-file": "id.zip"}}],
)
PACKAGE = "inputs/0/parameters"
RESOURCE = f"{PACKAGE}/descriptor/resources/0"
ODD: list[Any] = [
    *(None, True, -1, 1.5, 1e300, 10**30),
    *("", "a\0b", "../x", "é" * 300),
    *([], {}, [None], {"\0": 1}),
]

pytestmark = pytest.mark.django_db


def wrong(path: str, value: object) -> dict[str, Any]:
    """Copy the good spec with the value at a path of keys and indexes replaced."""
    spec = deepcopy(GOOD)
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("/"))
    place: Any = spec
    for step in steps:
        place = place[step]
    place[last] = value
    return spec


def paths(value: object, at: str = "") -> Iterator[str]:
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for key, inner in pairs:
        here = f"{at}/{key}".lstrip("/")
        yield here
        yield from paths(inner, here)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("meta/dataset", "", "meta.dataset: is empty"),
        ("meta/dataset", 5, "meta.dataset: should be a string"),
        ("meta/dataset", "a/b", "meta.dataset: should have only letters"),
        ("meta/dataset", "..", "meta.dataset: should not start with a dot"),
        ("meta/dataset", "x" * 101, "meta.dataset: is longer than 100"),
        ("meta/owner", [], "meta.owner: should be a string"),
        ("meta/version", {}, "meta.version: should be a number or a string"),
        ("meta/findability", "secret", "meta.findability: should be one of"),
        ("inputs/0/url", "file:///etc/passwd", "inputs[0].url: should be an http"),
        (
            "inputs/0/url",
            "http://me:pw@x.com/",
            "inputs[0].url: should not have a user",
        ),
        ("inputs/0/parameters", None, "inputs[0].parameters: is missing"),
        (f"{PACKAGE}/descriptor", [], "descriptor: should be an object"),
        (f"{PACKAGE}/descriptor/resources", {}, "resources: should be a list"),
        (f"{PACKAGE}/resource-mapping", {"a": "ftp://x/"}, "resource-mapping.a"),
        (f"{RESOURCE}/name", "a b", "resources[0].name: should have only letters"),
        (f"{RESOURCE}/name", "b", "'b' is used twice"),
        (f"{RESOURCE}/path", "../../etc/passwd", "a path inside the package"),
        (f"{RESOURCE}/path", "file:///etc/passwd", "resources[0].path"),
        (f"{RESOURCE}/path", None, "resources[0].path: is missing"),
        (f"{RESOURCE}/schema", "x", "resources[0].schema: should be an object"),
        (f"{RESOURCE}/schema/fields", [{}], "fields[0].name: is missing"),
        (f"{RESOURCE}/title", "a\0b", "has a NUL"),
        ("processing/0/input", "z", "processing[0].input: names no resource"),
        ("processing/0/tabulator/headers", 0, "headers: should be 1 or more"),
        ("processing/0/tabulator/skip_rows", -1, "skip_rows: should be 0 or more"),
        ("processing/0/dpp", [], "not supported by the internal runner"),
        ("outputs/0/kind", None, "outputs[0].kind: is missing"),
        ("outputs/0/parameters/out-file", "../x.zip", "out-file"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_saved(
    client: Client, path: str, value: object, told: str
) -> None:
    reply = post(client, wrong(path, value))

    assert reply["success"] is False
    assert reply["flow_id"] is None
    assert reply["errors"][0] == "Validation failed for contents"
    assert told in "\n".join(reply["errors"][1:])
    assert set(row_counts().values()) == {0}


@pytest.mark.parametrize("path", list(paths(GOOD)))
def test_a_field_of_any_value_is_taken_or_refused(client: Client, path: str) -> None:
    for value in ODD:
        before = row_counts()

        reply = post(client, wrong(path, value))

        assert reply["success"] is (reply["errors"] == [])
        if reply["success"]:
            assert revision_of(client, reply["flow_id"])["state"] == "QUEUED"
        else:
            assert reply["flow_id"] is None
            assert row_counts() == before


@pytest.mark.parametrize(
    "owner", ["a/b", ".", "..", "a b", "\0", "a\nb", "x" * 101, "a%2Fb"]
)
def test_an_owner_that_can_be_none_is_refused_before_its_token(
    client: Client, owner: str
) -> None:
    reply = post(client, wrong("meta/ownerid", owner), token="")

    assert reply["errors"][0] == "Validation failed for contents"
    assert "meta.ownerid" in reply["errors"][1]
    assert reply["dataset_id"] is None


def test_of_very_many_faults_the_first_are_told(client: Client) -> None:
    many = [{"name": f"r {n}"} for n in range(200)]

    errors = post(client, spec_of(*many))["errors"]

    assert len(errors) < 60
    assert errors[-1].endswith("more faults")
