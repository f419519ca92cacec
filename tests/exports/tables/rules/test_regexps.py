"""Regular expressions mean what they mean in Python."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.tables.rules import matches, parse_rule

VALUES = [
    "",
    "a",
    "A",
    "ab",
    "b\na",
    "&",
    "-",
    "[",
    "]",
    "~",
    "^",
    "<b>",
    "\\",
    "é",
    "É",
]
VALUES += [
    "a-b",
    "a.b",
    "a/b",
    "0",
    "٣",
    "_",
    " ",
    "\x08",
    "aa",
    "{2}",
    "ß",
    "x" * 40,
    ":",
]

PIECES = [r"\d", r"\D", r"\w", r"\b", r"\.", r"\/", r"\<", r"\>", r"\é", r"\-", r"\&"]
PIECES += ["a", "b", "x", "é", ".", "^", r"\A", r"\Z", "(a|b)", "(?:b)?", "(?P<n>a)?"]
PIECES += ["(?i:A)"]
pieces = st.sampled_from(PIECES)
items = st.sampled_from(
    ["a", "b-y", "é", "[", "&", "&&", "~~", "^", r"\]", r"\d", r"\b"]
)
classes = st.builds(
    "[{}{}{}]".format,
    st.sampled_from(["", "^"]),
    st.sampled_from(["a", "]", "-", "--a", "+--", "[:alpha:", "&&"]),
    st.lists(items, max_size=3).map("".join),
)
repeats = st.sampled_from(
    [
        "",
        "",
        "*",
        "+",
        "?",
        "{2}",
        "{1,3}",
        "{2,}",
        "+?",
        "{,2}",
        "{,}",
        "{",
        "{}",
        "{a}",
    ]
)
patterns = st.lists(
    st.one_of(
        st.tuples(pieces, st.just("")),
        st.tuples(st.one_of(classes, st.just("a"), st.just("(b)")), repeats),
    ).map("".join),
    min_size=1,
    max_size=4,
).map("".join)


@settings(deadline=None, max_examples=300)
@given(patterns.filter(lambda pattern: pattern.count("?P<n>") < 2), st.booleans())
@pytest.mark.filterwarnings("ignore:Possible (set|nested)")
def test_a_regular_expression_finds_what_it_finds_in_python(
    pattern: str, ignore_case: bool
) -> None:
    try:
        python = re.compile(pattern, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
    except re.error:
        return
    rule = parse_rule(f"k=/{pattern}/{'i' * ignore_case}")

    found = [value for value in VALUES if matches(rule, {"k": value})]

    assert found == [value for value in VALUES if python.search(value)]


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        ("^a", ["a", "ab", "a/b"]),
        ("b.a", ["b\na"]),
        ("a|b$", ["a", "ab", "b\na", "a/b"]),
        (r"a\/b", ["a/b"]),
        (r"\<b\>", ["<b>"]),
        ("[[]", ["["]),
        ("^[x&&y]$", ["&"]),
        (r"^[\b]$", ["\x08"]),
        (r"^\d$", ["0", "٣"]),
        (r"^x{40}\Z", ["x" * 40]),
        ("^x{0000000000040}$", ["x" * 40]),
        ("^a{,1}$", ["a"]),
        ("2}{", ["{2}{"]),
    ],
)
def test_a_regular_expression_finds_these(pattern: str, values: list[str]) -> None:
    rule = parse_rule(f"k=/{pattern}/")
    known = [
        "a",
        "ab",
        "b\na",
        "a/b",
        "<b>",
        "[",
        "&",
        "\x08",
        "0",
        "٣",
        "x" * 40,
        "{2}{",
    ]

    assert [value for value in known if matches(rule, {"k": value})] == values


def test_dollar_is_the_very_end() -> None:
    assert not matches(parse_rule("k=/a$/"), {"k": "a\n"})
