"""What bodies are read as, where they are wrong, and that nothing is lost of data."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.dialects.databox.decode import Undecodable, read

NIL = "00000000-0000-0000-0000-000000000000"
TEXT = st.text(st.characters(codec=None), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4)
    ),
    max_leaves=20,
)
BODIES = st.fixed_dictionaries(
    {}, optional={"id": VALUES, "uri": VALUES, "data": VALUES, "more": VALUES}
)


def refusal(body: bytes) -> str:
    with pytest.raises(Undecodable) as wrong:
        read(body)
    return str(wrong.value)


def compact(data: str) -> str:
    return read(json.dumps({"id": "", "uri": "", "data": data}).encode()).data


def data_refusal(data: str) -> str:
    with pytest.raises(Undecodable) as wrong:
        compact(data)
    return str(wrong.value)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "line 1, character 1:\nExpecting value"),
        (b"\n\n  x", "line 3, character 3:\nExpecting value"),
        (b"{} x", "line 1, character 4:\nExtra data"),
        (b'{"id": "\x00"}', "line 1, character 9:\nInvalid control character"),
        (b'{"id": NaN}', "NaN is no JSON number"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xef\xbb\xbf{}", "line 1, character 1:\nUnexpected UTF-8 BOM"),
        (b'{"a": "\xff"}', "line 1, character 8:\nnot UTF-8: invalid start byte"),
        ("[1]".encode("utf-16"), "line 1, character 1:\nnot UTF-8: invalid start byte"),
        (b"{}", "missing value for request.id"),
        (b'{"id": ""}', "missing value for request.uri"),
        (b'{"id": "", "uri": ""}', "missing value for request.data"),
        (b'{"uri": 5, "data": 5}', "missing value for request.id"),
        (
            b'{"id": "\\ud800", "uri": "", "data": ""}',
            "request.id holds half of a surrogate pair",
        ),
        (
            b'{"id": "", "uri": "http://x/\\u0000", "data": "[]"}',
            "request.uri holds a NUL character",
        ),
    ],
    ids=range(15),
)
def test_a_body_that_is_wrong_is_told_where(body: bytes, text: str) -> None:
    assert refusal(body) == text


@pytest.mark.parametrize(
    ("value", "character", "lexeme"),
    [
        ("null", 13, "`Null"),
        ("true", 13, "`Bool true"),
        ("false", 14, "`Bool false"),
        ("5", 10, "`Float 5."),
        ("-1.50", 14, "`Float -1.5"),
        ("1e30", 13, "`Float 1e+30"),
        ("1e999", 14, "`Float inf"),
        ("[[1]]", 10, "`As"),
        ('{"uri": ""}', 10, "`Os"),
    ],
)
def test_a_field_that_is_no_string_is_named_as_the_original_does(
    value: str, character: int, lexeme: str
) -> None:
    told = refusal(f'{{"id": "", "uri": "",\n "data": {value}}}'.encode())

    where = f"line 2, character {character}:"
    assert told == f"{where}\nFound lexeme {lexeme}, but lexeme `String was expected"


@pytest.mark.parametrize(
    "nested", ['{"uri": 1}', '["}", {"uri": 2}]', '"{\\"uri\\": 3"']
)
def test_the_last_of_a_duplicate_key_counts_and_only_on_the_first_level(
    nested: str,
) -> None:
    body = f'{{"uri": 1, "id": "", "x": {nested}, "uri": "here", "data": "[]"}}'

    assert read(body.encode()).uri == "here"


def test_the_wrong_one_of_a_duplicate_key_is_where_it_was_read() -> None:
    body = b'{"id": "", "uri": "x", "data": "[]",\n "x": {"uri": 7}, "uri": 8}'

    assert refusal(body).startswith("line 2, character 26:\nFound lexeme `Float 8.,")


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        (' {"a" : [ 1 , 2 ] }\n', '{"a":[1,2]}'),
        ('["a b\\tc", " "]', '["a b\\tc"," "]'),
        (
            "[1.50, 1E400, -0, 12345678901234567890]",
            "[1.50,1E400,-0,12345678901234567890]",
        ),
        (f"[{'9' * 5000}]", f"[{'9' * 5000}]"),
        ('["\\u00e9\\/\\ud83d\\ude00", "é"]', '["é/😀","é"]'),
        ('["\\u0000\\u001f\\"\\\\"]', '["\\u0000\\u001f\\"\\\\"]'),
        ('{"a": 1, "a": 2}', '{"a":1,"a":2}'),
        ("[]", "[]"),
    ],
)
def test_data_is_sent_compact_and_otherwise_as_it_was(data: str, sent: str) -> None:
    assert compact(data) == sent


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("", "line 1, character 1:\nExpecting value"),
        ("5", "5 is no JSON object or array"),
        ('"[]"', '"[]" is no JSON object or array'),
        ("[1,\n]", "line 2, character 1:\nExpecting value"),
        ("[NaN]", "NaN is no JSON number"),
        ('["\\udc00"]', "an escape is half of a surrogate pair"),
        ("[" * 5000 + "]" * 5000, "nested too deeply"),
        ('["\x01"]', "line 1, character 3:\nInvalid control character"),
    ],
)
def test_data_that_is_no_object_or_array_is_told_why(data: str, text: str) -> None:
    assert data_refusal(data) == f"invalid data: {text}"


@pytest.mark.parametrize("sent", ["", NIL])
def test_no_id_and_the_nil_uuid_are_a_new_request(sent: str) -> None:
    body = json.dumps({"id": sent, "uri": "", "data": "[]"})

    assert read(body.encode()).delivery_id is None


@pytest.mark.parametrize(
    "sent",
    [
        "17",
        " ",
        NIL[:-1],
        f"{{{NIL}}}",
        NIL.replace("-", ""),
        f"urn:uuid:{NIL}",
        NIL.replace("0", "\u0660"),
        f"{NIL}\n",
        "x" * 500,
    ],
    ids=range(9),
)
def test_an_id_that_is_no_uuid_is_refused(sent: str) -> None:
    asked = read(json.dumps({"id": sent, "uri": "", "data": "[]"}).encode())

    with pytest.raises(Undecodable) as wrong:
        _ = asked.delivery_id

    assert str(wrong.value).startswith(f"invalid id: {sent.strip()[:100]}")
    assert len(str(wrong.value)) < 120


@given(body=BODIES, data=VALUES)
def test_whatever_json_comes_is_read_or_refused(body: object, data: object) -> None:
    for text in (json.dumps(body), json.dumps({"id": "", "uri": "", "data": data})):
        look_at(text.encode())
    fields = {"id": "", "uri": "", "data": json.dumps(data)}
    look_at(json.dumps(fields).encode())


@given(body=st.binary(max_size=60))
def test_whatever_bytes_come_are_read_or_refused(body: bytes) -> None:
    look_at(body)
    look_at(b'{"id": "", "uri": "", "data": "' + body + b'"}')


def look_at(body: bytes) -> None:
    try:
        asked = read(body)
        _ = asked.delivery_id
        data = asked.data
    except Undecodable:
        return
    wanted = json.loads(json.loads(body)["data"])
    assert json.loads(data) == wanted
    data.encode()
