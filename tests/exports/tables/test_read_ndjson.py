"""JSON lines become one table, whichever keys and types they bring."""

import io
import json

import polars as pl
import pytest

from exports.tables import json_frames, open_table, read_ndjson
from exports.tables.errors import BadRow, TooLarge
from tests.exports.tables.reading import read, schema_of


def test_each_line_is_a_row() -> None:
    assert read(b'{"a":1}\n\n{"a":2,"b":"x"}\r\n', "x.ndjson") == (
        ["a", "b"],
        [(1, None), (2, "x")],
    )


def test_types_are_agreed_between_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ndjson, "BLOCK_BYTES", 24)
    lines = [
        {"a": 1, "b": True, "c": {"x": 1}, "d": None},
        {"a": 2.5, "b": 1, "c": {"y": "é"}, "d": [1]},
        {"e": "late", "c": None, "d": [2.5]},
    ]
    content = "\n".join(json.dumps(line) for line in lines).encode()

    names, rows = read(content, "x.jsonl")

    assert names == ["a", "b", "c", "d", "e"]
    assert rows == [
        (1.0, "true", {"x": 1, "y": None}, None, None),
        (2.5, "1", {"x": None, "y": "é"}, [1.0], None),
        (None, None, None, [2.5], "late"),
    ]


def test_nested_values_that_do_not_agree_become_json_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(read_ndjson, "BLOCK_BYTES", 10)

    rows = read(b'{"a":[1,2]}\n{"a":"x"}\n{"a":{"k":null}}\n', "x.ndjson")[1]

    assert [row[0] for row in rows] == ["[1,2]", "x", '{"k":null}']


def test_objects_used_as_dictionaries_stay_text() -> None:
    keys = {f"key {number}": number for number in range(600)}

    assert schema_of(json.dumps({"a": keys}).encode(), "x.ndjson") == {"a": pl.String()}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a":1}\n{"a":\n{"a":3}\n', "Line 2: not valid JSON"),
        (b'{"a":1}\n\n[1]\n', "Line 3: a JSON object is expected"),
        (b'{"a":1}\n{"a":1} {"a":2}\n', "Line 2: not valid JSON"),
        (b'{"a":"\\udc00"}', "Line 1: half a surrogate pair"),
    ],
)
def test_a_bad_line_is_named(content: bytes, message: str) -> None:
    with pytest.raises(BadRow, match=message):
        read(content, "x.ndjson")


def test_a_bad_line_is_named_in_a_later_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ndjson, "BLOCK_BYTES", 16)

    with pytest.raises(BadRow, match="Line 21") as caught:
        read(b'{"a":1}\n' * 20 + b"oops\n", "x.ndjson")

    assert caught.value.row == 21


def test_an_endless_line_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ndjson, "BLOCK_BYTES", 16)
    monkeypatch.setattr(read_ndjson, "LINE_BYTES", 64)

    with pytest.raises(TooLarge, match="Line 1 is longer"):
        read(b'{"a":"' + b"x" * 500, "x.ndjson")


def test_a_table_left_half_read_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(read_ndjson, "BLOCK_BYTES", 16)

    with open_table(io.BytesIO(b'{"a":1}\n' * 20), name="x.ndjson") as table:
        next(iter(table))


def test_nested_values_that_disagree_inside_become_json_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(read_ndjson, "BLOCK_BYTES", 10)

    rows = read(b'{"a":[{"k":1}]}\n{"a":[{"k":"x"}]}\n{"a":[7]}\n', "x.ndjson")[1]

    assert [row[0] for row in rows] == ['[{"k":1}]', '[{"k":"x"}]', "[7]"]


def test_empty_objects_are_rows_too(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b'{}\n{}\n{"a":1}\n{}\n'
    whole = read(content, "x.ndjson")
    monkeypatch.setattr(read_ndjson, "BLOCK_BYTES", 6)

    assert (
        read(content, "x.ndjson") == whole == (["a"], [(None,), (None,), (1,), (None,)])
    )


@pytest.mark.parametrize(
    "content",
    [
        b"{%s}\n" % b",".join(b'"%d":1' % n for n in range(2_000)) + b"{}\n" * 30_000,
        b"".join(b'{"%d":1}\n' % n for n in range(8_000)),
        b"".join(b'{"%d":%d}\n' % (n, n) for n in range(8_000)) + b'{"0":"x"}\n',
    ],
)
def test_few_bytes_that_would_be_very_many_cells_are_refused(content: bytes) -> None:
    with pytest.raises(TooLarge, match="keys, each of them but few"):
        read(content, "x.ndjson")


def test_types_are_agreed_between_the_pieces_that_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(json_frames, "PIECE_BYTES", 10)
    content = b'{"a":null,"b":1}\n\n{"a":2,"b":1.5}\n{"c":true}\n{"b":null}\n'

    assert read(content, "x.ndjson") == (
        ["a", "b", "c"],
        [(None, 1.0, None), (2, 1.5, None), (None, None, True), (None, None, None)],
    )
    assert schema_of(content, "x.ndjson") == {
        "a": pl.Int64(),
        "b": pl.Float64(),
        "c": pl.Boolean(),
    }
