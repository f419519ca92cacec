"""Whatever JSON comes in, it is a spec and a plan, or a SpecError."""

from copy import deepcopy
from typing import Any
from urllib.parse import urlsplit

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.plan import plan
from registry.spec import Spec, SpecError, dataset_of, owner_of, parse_spec
from registry.spec_read import is_absolute, url_fault

GOOD: dict[str, Any] = {
    "meta": {
        "owner": "me",
        "ownerid": "me",
        "dataset": "id",
        "version": 1,
        "findability": "private",
    },
    "inputs": [
        {
            "kind": "datapackage",
            "url": "http://example.com/datapackage.json",
            "parameters": {
                "resource-mapping": {"a": "http://example.com/1.csv"},
                "descriptor": {
                    "resources": [
                        {
                            "name": "a",
                            "path": "a.csv",
                            "format": "csv",
                            "schema": {"fields": [{"name": "x", "type": "string"}]},
                        },
                        {"name": "b", "path": ["b.csv"]},
                        {"name": "c", "data": [[1]]},
                    ],
                },
            },
        },
    ],
    "processing": [
        {
            "input": "b",
            "output": "d",
            "tabulator": {"headers": ["x"], "skip_rows": 1, "sheet": 1},
        },
    ],
    "outputs": [{"kind": "zip", "parameters": {"out-file": "id.zip"}}],
    "schedule": "every 1d",
}

hostile_texts = st.sampled_from(
    ["", ".", "..", "a/b", "\0", "\ud800", "a" * 300, "http://[", "//x", "C:\\x", "a"],
)
texts = st.one_of(st.text(st.characters(), max_size=20), hostile_texts)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(texts, inner, max_size=3),
    ),
    max_leaves=8,
)


def places(value: object) -> list[tuple[Any, Any]]:
    """List every (container, key) of a document."""
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    else:
        return []
    found = [(value, key) for key, _ in pairs]
    return found + [place for _, inner in pairs for place in places(inner)]


@st.composite
def damaged(draw: st.DrawFn) -> object:
    contents = deepcopy(GOOD)
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(places(contents)))
        container[key] = draw(json_values)
    return contents


def take(contents: object) -> Spec | SpecError:
    try:
        owner_of(contents)
        dataset_of(contents)
        spec = parse_spec(contents)
        plan(spec, f"{spec.meta.dataset_id}/1")
    except SpecError as refusal:
        return refusal
    return spec


def check(contents: object) -> None:
    outcome = take(contents)

    if isinstance(outcome, SpecError):
        assert outcome.errors
        assert all(line.isprintable() for line in outcome.errors)
        assert sum(map(len, outcome.errors)) < 100_000
    else:
        assert dataset_of(contents) == outcome.meta.dataset
        urls = [one.url for one in outcome.resources if one.url is not None]
        assert [url for url in urls if url_fault(url)] == []


def test_the_undamaged_document_is_taken() -> None:
    assert isinstance(take(GOOD), Spec)


@given(json_values)
def test_any_json_value_is_taken_or_refused(contents: object) -> None:
    check(contents)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_any_damage_to_a_good_document_is_taken_or_refused(contents: object) -> None:
    check(contents)


@given(texts)
def test_a_relative_path_never_leads_to_another_host(path: str) -> None:
    contents = deepcopy(GOOD)
    resource = contents["inputs"][0]["parameters"]["descriptor"]["resources"][1]
    resource["path"] = path

    outcome = take(contents)

    if isinstance(outcome, Spec):
        url = outcome.resources[1].url
        assert url is not None
        assert is_absolute(path) or urlsplit(url).hostname == "example.com"
