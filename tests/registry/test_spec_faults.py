"""What the contract does not name: every fault is one line that says where."""

from copy import deepcopy
from typing import Any

import pytest

from registry.spec import SpecError, parse_spec

GOOD: dict[str, Any] = {
    "meta": {"ownerid": "me", "dataset": "id"},
    "inputs": [
        {
            "kind": "datapackage",
            "url": "http://example.com/datapackage.json",
            "parameters": {
                "resource-mapping": {"a": "http://example.com/1.csv"},
                "descriptor": {
                    "resources": [
                        {"name": "a", "path": "a.csv", "schema": {"fields": []}},
                        {"name": "b", "path": "b.csv"},
                    ],
                },
            },
        },
    ],
    "processing": [{"input": "b", "output": "c", "tabulator": {"headers": 1}}],
    "outputs": [{"kind": "zip", "parameters": {"out-file": "id.zip"}}],
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


P = "inputs/0/parameters"
R = f"{P}/descriptor/resources"
AT_P = "inputs[0].parameters"
AT_R = f"{AT_P}.descriptor.resources"
LETTERS = "should have only letters, digits, '_', '.' and '-', not "


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("meta/ownerid", "a/b", f"meta.ownerid: {LETTERS}'/'"),
        ("meta/ownerid", "a\0", f"meta.ownerid: {LETTERS}'\\x00'"),
        ("meta/ownerid", "..", "meta.ownerid: should not start with a dot"),
        ("meta/ownerid", "a" * 101, "meta.ownerid: is longer than 100 characters"),
        ("meta/dataset", None, "meta.dataset: is missing"),
        ("meta/dataset", "", "meta.dataset: is empty"),
        ("meta/dataset", 5, "meta.dataset: should be a string, not a number"),
        ("meta/dataset", {}, "meta.dataset: should be a string, not an object"),
        ("meta/dataset", "a\\b", f"meta.dataset: {LETTERS}'\\\\'"),
        ("meta/dataset", "a b", f"meta.dataset: {LETTERS}' '"),
        ("meta/dataset", "a?", f"meta.dataset: {LETTERS}'?'"),
        ("meta/dataset", "a\u202e", f"meta.dataset: {LETTERS}'\\u202e'"),
        ("meta/dataset", "\n", f"meta.dataset: {LETTERS}'\\n'"),
        ("meta/dataset", ".hidden", "meta.dataset: should not start with a dot"),
        ("meta/owner", 5, "meta.owner: should be a string, not a number"),
        ("meta/version", [], "meta.version: should be a number or a string"),
        ("meta/version", True, "meta.version: should be a number or a string"),
        (
            "meta/findability",
            "secret",
            "meta.findability: should be one of published, unlisted, private",
        ),
        (
            "meta/findability",
            True,
            "meta.findability: should be a string, not true or false",
        ),
        ("inputs", "x", "inputs: should be a list, not a string"),
        ("inputs", ["x"], "inputs[0]: should be an object, not a string"),
        ("inputs/0/url", 5, "inputs[0].url: should be a string, not a number"),
        (
            "inputs/0/url",
            "file:///etc/passwd",
            "inputs[0].url: should be an http or https URL, not 'file:///etc/passwd'",
        ),
        (
            "inputs/0/url",
            "http://u:p@example.com/",
            "inputs[0].url: should not have a user name or password",
        ),
        ("inputs/0/url", "http://[", "inputs[0].url: is not a URL"),
        ("inputs/0/url", "http://a:99999/", "inputs[0].url: is not a URL"),
        (
            "inputs/0/url",
            "http:///x",
            "inputs[0].url: should be an http or https URL, not 'http:///x'",
        ),
        (
            "inputs/0/url",
            "http://a/\r\nX: 1",
            "inputs[0].url: has a control character",
        ),
        ("inputs/0/url", " http://a/", "inputs[0].url: has blanks around it"),
        (
            "inputs/0/url",
            f"http://a/{'x' * 4096}",
            "inputs[0].url: is longer than 4096 characters",
        ),
        (P, [], f"{AT_P}: should be an object, not a list"),
        (f"{P}/descriptor", MISSING, f"{AT_P}.descriptor: is missing"),
        (
            f"{P}/descriptor",
            "http://example.com/datapackage.json",
            f"{AT_P}.descriptor: should be an object, not a string",
        ),
        (f"{P}/resource-mapping", [], f"{AT_P}.resource-mapping: should be an object"),
        (
            f"{P}/resource-mapping",
            {"a": 5},
            f"{AT_P}.resource-mapping.a: should be a string, not a number",
        ),
        (
            f"{P}/resource-mapping",
            {"a.csv": "ftp://x/y"},
            f'{AT_P}.resource-mapping["a.csv"]: should be an http or https URL',
        ),
        (
            f"{P}/resource-mapping",
            {"a": None},
            f"{AT_P}.resource-mapping.a: is missing",
        ),
        (R, {}, f"{AT_R}: should be a list, not an object"),
        (R, [{"name": "a", "path": "a"}] * 1001, f"{AT_R}: has more than 1000"),
        (f"{R}/0", None, f"{AT_R}[0]: is missing"),
        (f"{R}/0", "a.csv", f"{AT_R}[0]: should be an object, not a string"),
        (f"{R}/1", {"name": "b"}, f"{AT_R}[1].path: is missing"),
        (f"{R}/1/name", "a", f"{AT_R}[1].name: 'a' is used twice"),
        (f"{R}/1/name", 5, f"{AT_R}[1].name: should be a string, not a number"),
        (f"{R}/1/name", "../b", f"{AT_R}[1].name: should not start with a dot"),
        (f"{R}/1/path", 5, f"{AT_R}[1].path: should be a string, not a number"),
        (f"{R}/1/path", "", f"{AT_R}[1].path: is empty"),
        (f"{R}/1/path", "../b.csv", f"{AT_R}[1].path: should be a path inside the"),
        (f"{R}/1/path", "a/../b", f"{AT_R}[1].path: should be a path inside the"),
        (f"{R}/1/path", "/etc/passwd", f"{AT_R}[1].path: should be a path inside the"),
        (f"{R}/1/path", "//evil/x", f"{AT_R}[1].path: should be a path inside the"),
        (f"{R}/1/path", "a\\b.csv", f"{AT_R}[1].path: should have '/' between"),
        (f"{R}/1/path", "a\x7f.csv", f"{AT_R}[1].path: has a control character"),
        (f"{R}/1/path", " http://evil/x", f"{AT_R}[1].path: has blanks around it"),
        (f"{R}/1/path", "a" * 1025, f"{AT_R}[1].path: is longer than 1024"),
        (f"{R}/1/path", "ftp://x/y", f"{AT_R}[1].path: should be an http or https"),
        (f"{R}/1/path", "C:\\b.csv", f"{AT_R}[1].path: should be an http or https"),
        (f"{R}/1/path", "data:text/csv,a", f"{AT_R}[1].path: should be an http or"),
        (f"{R}/1/path", [], f"{AT_R}[1].path: should be one path"),
        (f"{R}/1/path", ["a", "b"], f"{AT_R}[1].path: should be one path"),
        (f"{R}/1/path", [5], f"{AT_R}[1].path[0]: should be a string, not a number"),
        (f"{R}/1/path", [None], f"{AT_R}[1].path[0]: is missing"),
        (f"{R}/1/data", [1], f"{AT_R}[1]: has both a path and data"),
        (
            f"{R}/1",
            {"name": "b", "data": 5},
            f"{AT_R}[1].data: should be a list, an object or a string",
        ),
        (f"{R}/1/format", 5, f"{AT_R}[1].format: should be a string"),
        (f"{R}/1/mediatype", [], f"{AT_R}[1].mediatype: should be a string"),
        (f"{R}/1/encoding", {}, f"{AT_R}[1].encoding: should be a string"),
        (f"{R}/1/title", 5, f"{AT_R}[1].title: should be a string"),
        (f"{R}/1/description", 5, f"{AT_R}[1].description: should be a string"),
        (f"{R}/1/dialect", "x", f"{AT_R}[1].dialect: should be an object"),
        (f"{R}/1/schema", "s.json", f"{AT_R}[1].schema: should be an object"),
        (f"{R}/0/schema/fields", {}, f"{AT_R}[0].schema.fields: should be a list"),
        (f"{R}/0/schema/fields", [5], f"{AT_R}[0].schema.fields[0]: should be an"),
        (f"{R}/0/schema/fields", [{}], f"{AT_R}[0].schema.fields[0].name: is missing"),
        (f"{R}/0/schema/fields", [None], f"{AT_R}[0].schema.fields[0]: is missing"),
        ("processing", {}, "processing: should be a list, not an object"),
        ("processing/0", "b", "processing[0]: should be an object, not a string"),
        ("processing", [{"input": "b"}] * 1001, "processing: has more than 1000"),
        ("processing/0/input", MISSING, "processing[0].input: is missing"),
        (
            "processing/0/input",
            "nobody",
            "processing[0].input: names no resource of the descriptor",
        ),
        ("processing/0/input", [], "processing[0].input: should be a string"),
        ("processing/0/output", "a", "processing[0].output: 'a' is used twice"),
        ("processing/0/output", "a/b", f"processing[0].output: {LETTERS}'/'"),
        ("processing/0/output", 5, "processing[0].output: should be a string"),
        (
            "processing/0/dpp",
            [{"run": "sort"}],
            "processing[0].dpp: not supported by the internal runner",
        ),
        ("processing/0/schema", 5, "processing[0].schema: should be an object"),
        ("processing/0/tabulator", [], "processing[0].tabulator: should be an object"),
        (
            "processing/0/tabulator",
            {"headers": 0},
            "processing[0].tabulator.headers: should be 1 or more",
        ),
        (
            "processing/0/tabulator",
            {"headers": "a"},
            "processing[0].tabulator.headers: should be a whole number, not a string",
        ),
        (
            "processing/0/tabulator",
            {"headers": []},
            "processing[0].tabulator.headers: is an empty list",
        ),
        (
            "processing/0/tabulator",
            {"headers": ["a", 2]},
            "processing[0].tabulator.headers[1]: should be a string, not a number",
        ),
        (
            "processing/0/tabulator",
            {"skip_rows": -1},
            "processing[0].tabulator.skip_rows: should be 0 or more",
        ),
        (
            "processing/0/tabulator",
            {"skip_rows": 1.5},
            "processing[0].tabulator.skip_rows: should be a whole number",
        ),
        (
            "processing/0/tabulator",
            {"skip_rows": True},
            "processing[0].tabulator.skip_rows: should be a whole number",
        ),
        (
            "processing/0/tabulator",
            {"sheet": 0},
            "processing[0].tabulator.sheet: should be 1 or more",
        ),
        (
            "processing/0/tabulator",
            {"encoding": 5},
            "processing[0].tabulator.encoding: should be a string",
        ),
        ("outputs", "zip", "outputs: should be a list, not a string"),
        ("outputs/0", "zip", "outputs[0]: should be an object, not a string"),
        ("outputs/0/kind", MISSING, "outputs[0].kind: is missing"),
        ("outputs/0/kind", 5, "outputs[0].kind: should be a string, not a number"),
        ("outputs/0/parameters", [], "outputs[0].parameters: should be an object"),
        (
            "outputs/0/parameters/out-file",
            "../id.zip",
            "outputs[0].parameters.out-file: should not start with a dot",
        ),
        (
            "outputs/0/parameters/out-file",
            "a/b.zip",
            f"outputs[0].parameters.out-file: {LETTERS}'/'",
        ),
    ],
)
def test_one_wrong_value_is_one_line_that_says_where(
    path: str,
    value: object,
    line: str,
) -> None:
    first, *lines = errors_of(wrong(path, value))

    assert first == "Validation failed for contents"
    assert [said[: len(line)] for said in lines] == [line]


def test_a_relative_path_needs_an_address_to_start_from() -> None:
    lines = errors_of(wrong("inputs/0/url", MISSING))

    assert lines == [
        "Validation failed for contents",
        f"{AT_R}[1].path: is relative, and inputs[0].url is missing",
    ]


def test_a_resource_needs_a_name_and_a_source() -> None:
    lines = errors_of(wrong(f"{R}/1", {}))

    assert lines == [
        "Validation failed for contents",
        f"{AT_R}[1].name: is missing",
        f"{AT_R}[1].path: is missing",
    ]


def test_every_fault_is_said_at_once() -> None:
    contents = wrong(f"{R}/1/path", "../b.csv")
    contents["meta"]["findability"] = "secret"
    contents["outputs"] = 5

    assert errors_of(contents) == [
        "Validation failed for contents",
        "meta.findability: should be one of published, unlisted, private",
        f"{AT_R}[1].path: should be a path inside the package",
        "outputs: should be a list, not a number",
    ]


def test_of_very_many_faults_the_first_fifty_are_said() -> None:
    lines = errors_of(wrong("outputs", [5] * 900))

    assert len(lines) == 52
    assert lines[-1] == "and 850 more faults"


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("a\0b", "extra: has a NUL or half a character"),
        ({"k": ["\ud800"]}, "extra.k[0]: has a NUL or half a character"),
        (float("nan"), "extra: should be a finite number"),
        ({"b": float("-inf")}, "extra.b: should be a finite number"),
        ({"\0": 1}, "extra: has a key with a NUL or half a character: '\\x00'"),
    ],
)
def test_what_cannot_be_stored_is_refused_wherever_it_stands(
    value: object,
    line: str,
) -> None:
    lines = errors_of({**GOOD, "extra": value})

    assert lines == ["Validation failed for contents", line]


def test_a_bottomless_document_is_refused() -> None:
    bottomless: list[object] = []
    for _ in range(50_000):
        bottomless = [bottomless]

    [_, line] = errors_of({**GOOD, "extra": bottomless})

    assert line.endswith("is nested deeper than 100 levels")
