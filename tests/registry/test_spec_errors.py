"""What the contract names: its texts for a bad spec, and their order (3.1.3)."""

from copy import deepcopy
from typing import Any

import pytest

from registry.spec import SpecError, owner_of, parse_spec

GOOD: dict[str, Any] = {
    "meta": {"ownerid": "me", "dataset": "id"},
    "inputs": [
        {
            "kind": "datapackage",
            "url": "http://example.com/datapackage.json",
            "parameters": {"descriptor": {"resources": []}},
        },
    ],
    "schedule": "every 1d",
}
MISSING = object()


def wrong(path: str, value: object) -> dict[str, Any]:
    """Copy the good document with one value, at a dotted path, replaced."""
    contents = deepcopy(GOOD)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place: Any = contents
    for step in steps:
        place = place[step]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return contents


def errors_of(contents: object) -> list[str]:
    with pytest.raises(SpecError) as refusal:
        parse_spec(contents)
    assert str(refusal.value) == "\n".join(refusal.value.errors)
    return refusal.value.errors


@pytest.mark.parametrize(
    "contents",
    [
        None,
        True,
        0,
        1.5,
        "meta",
        [],
        [{"meta": {"ownerid": "me"}}],
        {},
        {"meta": None},
        {"meta": "me"},
        {"meta": []},
        {"meta": {}},
        {"meta": {"ownerid": None}},
        {"meta": {"ownerid": ""}},
        {"meta": {"ownerid": 5}},
        {"meta": {"ownerid": True}},
        {"meta": {"ownerid": ["me"]}},
        {"meta": {"owner": "me", "dataset": "id"}},
    ],
)
def test_without_an_owner_nothing_else_is_looked_at(contents: object) -> None:
    with pytest.raises(SpecError) as refusal:
        owner_of(contents)

    assert refusal.value.errors == ["Missing owner in spec"]
    assert errors_of(contents) == ["Missing owner in spec"]


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("meta/dataset", MISSING, "Unexpected error: 'dataset'"),
        ("inputs", MISSING, "Unexpected error: Only supporting one input atm"),
        ("inputs", None, "Unexpected error: Only supporting one input atm"),
        ("inputs", [], "Unexpected error: Only supporting one input atm"),
        ("inputs", [{}, {}], "Unexpected error: Only supporting one input atm"),
        (
            "inputs/0/kind",
            "file",
            "Unexpected error: Only supporting datapackage inputs atm",
        ),
        (
            "inputs/0/kind",
            MISSING,
            "Unexpected error: Only supporting datapackage inputs atm",
        ),
        (
            "inputs/0/kind",
            ["datapackage"],
            "Unexpected error: Only supporting datapackage inputs atm",
        ),
        ("schedule", 1, "Schedule should be a string"),
        ("schedule", "daily", "Schedule should start with 'every'"),
        (
            "schedule",
            "every 1s",
            "Can't schedule tasks for less than one minute",
        ),
    ],
)
def test_what_the_contract_names_is_said_in_its_words_alone(
    path: str,
    value: object,
    text: str,
) -> None:
    assert errors_of(wrong(path, value)) == [text]


def test_errors_come_in_the_contracts_order() -> None:
    contents: dict[str, Any] = {
        "meta": {"findability": "secret"},
        "inputs": [{"kind": "file"}, {}],
        "schedule": "never",
    }

    said = [errors_of(contents)]
    contents["meta"]["ownerid"] = "me"
    said.append(errors_of(contents))
    contents["schedule"] = None
    said.append(errors_of(contents))
    contents["meta"]["dataset"] = "id"
    said.append(errors_of(contents))
    del contents["inputs"][1]
    said.append(errors_of(contents))
    contents["inputs"][0]["kind"] = "datapackage"
    said.append(errors_of(contents))

    assert said == [
        ["Missing owner in spec"],
        ["Schedule should start with 'every'"],
        ["Unexpected error: 'dataset'"],
        ["Unexpected error: Only supporting one input atm"],
        ["Unexpected error: Only supporting datapackage inputs atm"],
        [
            "Validation failed for contents",
            "meta.findability: should be one of published, unlisted, private",
            "inputs[0].parameters: is missing",
        ],
    ]
