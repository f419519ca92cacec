"""JSON arrays keep the types of their values, however they are cut into blocks."""

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.tables import read_json
from exports.tables.errors import BadHeader, BadRow, NotATable, TableError, TooLarge
from tests.exports.tables.reading import read, schema_of

SCALARS = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text(max_size=5)


def test_values_keep_their_types() -> None:
    content = b'[{"i":1,"f":1.5,"s":"007","b":true,"n":null},{"i":2}]'

    assert schema_of(content, "x.json") == {
        "i": pl.Int64(),
        "f": pl.Float64(),
        "s": pl.String(),
        "b": pl.Boolean(),
        "n": pl.String(),
    }


def test_keys_that_come_later_are_columns_too() -> None:
    assert read(b'[{"a":1},{"b":2,"a":3}]', "x.json") == (
        ["a", "b"],
        [(1, None), (3, 2)],
    )


def test_whole_numbers_beyond_64_bits_survive() -> None:
    assert read(b'[{"a":123456789012345678901234567890}]', "x.json")[1] == [
        (123456789012345678901234567890,)
    ]


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ("[true, 1, null]", ["true", "1", None]),
        ('[1, "x"]', ["1", "x"]),
        ('[{"k": 1}, 5]', ['{"k": 1}', "5"]),
        ("[1, 2.5]", [1.0, 2.5]),
    ],
)
def test_a_column_of_mixed_kinds_becomes_text(values: str, column: list[Any]) -> None:
    items = [{"a": value} for value in json.loads(values)]

    rows = read(json.dumps(items).encode(), "x.json")[1]

    assert [row[0] for row in rows] == column


def test_an_array_of_arrays_has_its_header_first() -> None:
    content = b'[["a","b"],[1,"x"],[2,null]]'

    assert read(content, "x.json") == (["a", "b"], [(1, "x"), (2, None)])


def test_an_empty_array_is_an_empty_table() -> None:
    assert read(b" [ ] ", "x.json") == ([], [])


def test_utf16_is_understood() -> None:
    assert read('[{"a":"é"}]'.encode("utf-16"), "x.json")[1] == [("é",)]


@settings(deadline=None)
@given(
    items=st.lists(
        st.fixed_dictionaries(
            {"id": st.integers(0, 9)},
            optional={"a": SCALARS, "},{": SCALARS, "n": st.lists(SCALARS, max_size=2)},
        ),
        min_size=1,
        max_size=8,
    ),
    indent=st.sampled_from([None, 1]),
    size=st.integers(3, 60),
)
def test_blocks_of_any_size_give_the_same_table(
    items: list[dict[str, Any]], indent: int | None, size: int
) -> None:
    content = json.dumps(items, indent=indent, ensure_ascii=False).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read_json, "BLOCK_BYTES", size)
        names, rows = read(content, "x.json")

    assert names == list(dict.fromkeys(key for item in items for key in item))
    for name in set(names) - {"n"}:
        got = [row[names.index(name)] for row in rows]
        assert list(map(text, got)) == [text(item.get(name)) for item in items]


def text(value: object) -> str | None:
    """Say a value as a column of mixed kinds says it."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b'[{"a":1},{"a":2}', NotATable, "The JSON is cut off"),
        (b'[{"a":1},{"a":', BadRow, "Element 2: not valid JSON"),
        (b'[{"a":1},{"a":}]', BadRow, "Element 2: not valid JSON"),
        (b'[{"a":1} {"a":2}]', BadRow, "Element 1: a comma is missing"),
        (b'[{"a":1},]', BadRow, "Element 2: not valid JSON"),
        (b'[{"a":1},5]', BadRow, "Element 2: a JSON object is expected"),
        (b'[{"a":1},[5]]', BadRow, "Element 2: a JSON object is expected"),
        (b'[["a","b"],[1]]', BadRow, "Element 2: has 1 cells where 2 are expected"),
        (b'[["a","a"],[1,2]]', BadHeader, "Columns 1 and 2 are both called 'a'"),
        (b'[{"a":1}] and more', NotATable, "more text after the end"),
        (b'[{"a":NaN}]', BadRow, "Element 1: not valid JSON"),
        (b'[{"a":1e400}]', BadRow, "Element 1: not valid JSON"),
        (b'[{"a":1},{"a":' + b"9" * 5000 + b"}]", BadRow, "Element 2: a number has"),
        (b'[{"a":"\\ud800"}]', BadRow, "Element 1: half a surrogate pair"),
        (b'[{"a":' + b"[" * 99 + b"]" * 99 + b"}]", TooLarge, "more than 64 deep"),
        (b'[{"a":' + b"[" * 9999, TooLarge, "nested too deeply"),
        (b'{"a":1}', NotATable, "one JSON object, not an array"),
    ],
)
def test_bad_json_is_refused_with_its_place(
    content: bytes, error: type[TableError], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(content, "x.json")


def test_an_escaped_backslash_before_u_is_no_surrogate() -> None:
    assert read(rb'[{"a":"\\ud800 \ud83d\ude00"}]', "x.json")[1] == [("\\ud800 😀",)]


def test_strings_full_of_brackets_are_not_deep() -> None:
    value = "[{" * 500

    assert read(json.dumps([{"a": value}]).encode(), "x.json")[1] == [(value,)]


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ("[[], [{}]]", ["[]", "[{}]"]),
        ('[{}, {"k": {}}]', ['{"k":null}', '{"k":{}}']),
        ("[[[]], [[1]]]", [[[]], [[1]]]),
        ('[{"k": 1}, {"k": 2.5}]', [{"k": 1.0}, {"k": 2.5}]),
    ],
)
def test_odd_nesting_is_kept_or_becomes_json_text(
    values: str, column: list[Any]
) -> None:
    items = [{"a": value} for value in json.loads(values)]

    rows = read(json.dumps(items).encode(), "x.json")[1]

    assert [row[0] for row in rows] == column


def test_a_number_beyond_any_type_is_refused() -> None:
    with pytest.raises(BadRow, match="In element 1 or later"):
        read(b'[{"a":' + b"9" * 40 + b"}]", "x.json")


def test_too_many_keys_are_refused() -> None:
    content = json.dumps([{f"k{number}": 1 for number in range(20_001)}]).encode()

    with pytest.raises(TooLarge, match="more than 20,000 keys"):
        read(content, "x.json")
