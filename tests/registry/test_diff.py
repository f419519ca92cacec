"""What changed between two specs, place by place."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.diff import MOST_LISTED, Diff, diff
from tests.support.specstore import spec_of, table

SPEC = spec_of(table("a", "http://a.example/a.csv", "n:integer", "m"))


def resources(spec: Any) -> list[Any]:
    found: list[Any] = spec["inputs"][0]["parameters"]["descriptor"]["resources"]
    return found


def test_two_equal_specs_do_not_differ() -> None:
    assert diff(SPEC, deepcopy(SPEC)) == Diff()


def test_each_change_is_told_with_its_place() -> None:
    after = deepcopy(SPEC) | {"schedule": "every 1d"}
    after["meta"]["findability"] = "private"
    del after["meta"]["owner"]

    found = diff(SPEC, after)

    assert found.added == [{"path": "schedule", "value": "every 1d"}]
    assert found.removed == [{"path": "meta.owner", "value": "me"}]
    assert found.changed == [
        {"path": "meta.findability", "before": "published", "after": "private"}
    ]
    assert found.counts == {"added": 1, "removed": 1, "changed": 1}


def test_resources_and_fields_are_found_by_name_wherever_they_stand() -> None:
    after = deepcopy(SPEC)
    resources(after).insert(0, table("new one", "http://a.example/b.csv", "n"))
    resources(after)[1]["schema"]["fields"][1]["type"] = "date"

    found = diff(SPEC, after)

    place = "inputs[0].parameters.descriptor.resources"
    assert [one["path"] for one in found.added] == [f'{place}[name="new one"]']
    assert found.changed == [
        {
            "path": f'{place}[name="a"].schema.fields[name="m"].type',
            "before": "string",
            "after": "date",
        }
    ]


def test_named_things_in_another_order_are_told_once() -> None:
    before = [{"name": "a"}, {"name": "b"}, {"name": "c"}]

    found = diff({"fields": before}, {"fields": before[::-1]})

    assert found.changed == [
        {
            "path": "fields (order)",
            "before": ["a", "b", "c"],
            "after": ["c", "b", "a"],
        }
    ]


@pytest.mark.parametrize(
    ("before", "after", "kind", "path"),
    [
        ([1, 2], [1, 3, 4], "changed", "[1]"),
        ([1, 2], [1], "removed", "[1]"),
        ([{"name": "a"}, {"name": "a"}], [{"name": "b"}], "changed", "[0].name"),
        ({"a": 1}, {"a": True}, "changed", "a"),
        ({"a": None}, {}, "removed", "a"),
        ({}, {"a": None}, "added", "a"),
        ({"a": {}}, {"a": []}, "changed", "a"),
        ({"a b": 1}, {"a b": 2}, "changed", '["a b"]'),
        (1, "1", "changed", ""),
    ],
)
def test_all_kinds_of_json_are_compared(
    before: Any, after: Any, kind: str, path: str
) -> None:
    found = diff(before, after)

    assert path in [one["path"] for one in getattr(found, kind)]


def test_one_and_one_point_zero_are_one_number() -> None:
    assert diff({"a": 1}, {"a": 1.0}) == Diff()


def test_when_it_was_uploaded_is_no_change() -> None:
    before, after = deepcopy(SPEC), deepcopy(SPEC)
    before["meta"]["update_time"], after["meta"]["update_time"] = "2026", "2027"

    assert diff(before, after) == Diff()


def test_long_values_are_clipped_and_long_lists_counted() -> None:
    after = {"data": "x" * 5000, "rows": list(range(MOST_LISTED + 10))}

    found = diff({"data": "y", "rows": []}, after)

    shown = found.changed[0]["after"]
    assert shown.startswith('"xxx')
    assert len(shown) == 201
    assert len(found.added) == MOST_LISTED
    assert found.counts["added"] == MOST_LISTED + 10


json = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "b", "ä c"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(json, json)
def test_what_is_added_one_way_is_removed_the_other(one: Any, other: Any) -> None:
    there, back = diff(one, other), diff(other, one)

    def places(changes: list[dict[str, Any]]) -> set[str]:
        return {change["path"] for change in changes}

    assert places(there.added) == places(back.removed)
    assert places(there.changed) == places(back.changed)
    assert diff(one, one) == Diff()
