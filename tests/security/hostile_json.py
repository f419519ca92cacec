"""Documents that are no JSON, or too much of it, and values where others belong."""

import gzip
import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

DEEP = 100_000
# Never JSON, whatever reads it: who takes one of these has read something else.
BROKEN: dict[str, bytes] = {
    "cut object": b"{",
    "cut array": b"[",
    "cut text": b'{"a": "b',
    "closed twice": b"{}}",
    "two documents": b"{}{}",
    "a comma too many": b'{"a": 1,}',
    "no comma": b"[1 2]",
    "a word": b"nul",
    "single quotes": b"{'a': 1}",
    "no quotes": b"{a: 1}",
    "a comment": b'{"a": 1} // b',
    "a leading zero": b"[01]",
    "a plus": b"[+1]",
    "hexadecimal": b"[0x1]",
    "NaN": b"[NaN]",
    "Infinity": b"[Infinity]",
    "minus Infinity": b'{"a": -Infinity}',
    "a line break in a text": b'["a\nb"]',
    "a NUL byte": b"[\x00]",
    "a NUL byte in a text": b'["\x00"]',
    "no UTF-8": b'["\xff\xfe"]',
    "an overlong slash": b'["\xc0\xaf"]',
    "a surrogate in UTF-8": b'["\xed\xa0\x80"]',
    "half an escape": b'["\\u12"]',
    "gzip": gzip.compress(b"{}", mtime=0),
    "a form": b"a=1&b=2",
    "multipart": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
    "XML with an entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a/>',
    "arrays without end": b"[" * DEEP,
    "objects without end": b'{"a":' * DEEP,
    "pickle": b"\x80\x04N.",
}
# JSON by its grammar, which no reader is bound to take.
ODD: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b" \t\r\n",
    "null": b"null",
    "true": b"true",
    "a number": b"0",
    "a text": b'""',
    "an array": b"[]",
    "an object": b"{}",
    "arrays of arrays": b"[[[[]]]]",
    "deep arrays": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "a number past all floats": b"[1e999]",
    "a number of 5,000 digits": b"[" + b"9" * 5000 + b"]",
    "a small number of 5,000 digits": b"[0." + b"0" * 5000 + b"1]",
    "half a surrogate": b'["\\ud800"]',
    "half a surrogate for a name": b'{"\\udfff": 1}',
    "an escaped NUL": b'{"\\u0000": "\\u0000"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "UTF-32": "{}".encode("utf-32"),
    "a hundred thousand names": json.dumps(
        {str(n): n for n in range(100_000)}
    ).encode(),
    "a name twice": b'{"id": 1, "id": 2}',
    "__proto__": b'{"__proto__": {"a": 1}, "constructor": {"prototype": {}}}',
}


def _nested(depth: int, *, arrays: bool) -> Any:
    value: Any = "bottom"
    for _ in range(depth):
        value = [value] if arrays else {"a": value}
    return value


VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1.5, -0.0, 1e308, 5e-324),
    *(2**31, 2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**30, 10**400),
    *("", " ", "a", "0", "-1", "1e999", "null", "NaN", "\n", "\r\nX-Injected: y"),
    *("a\0b", "\ud800", "\udfff\ud800", "\u202ea", "\ufeff", "\uffff", "é", "e\u0301"),
    *("../../etc/passwd", "%2e%2e%2f", "{{7*7}}", "${7*7}", "' OR 1=1 --", "<script>"),
    *("x" * 300, "x" * 70_000, "=1+1", "file:///etc/passwd", "http://[", "PT1S"),
    *([], {}, [[]], [{}], [None], {"": ""}, {"\0": 1}, {"\ud800": 1}, {"a": {"b": []}}),
    *(_nested(60, arrays=True), _nested(60, arrays=False), ["a"] * 2000),
]


def mutants(body: Any) -> Iterator[tuple[str, bytes]]:
    """Write a good body with one thing in it changed, each in turn."""
    for place in _places(body):
        where = ".".join(map(str, place)) or "the whole"
        for value in VALUES:
            yield f"{where} = {str(value)[:40]!r}", _with(body, place, value)
        if place:
            yield f"{where} is missing", _without(body, place)
    yield from _twice(body)


def _places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for key, one in inner:
        yield from _places(one, (*at, key))


def _with(body: Any, place: tuple[Any, ...], value: Any) -> bytes:
    if not place:
        return json.dumps(value).encode()
    whole = deepcopy(body)
    _holder(whole, place)[place[-1]] = value
    return json.dumps(whole).encode()


def _without(body: Any, place: tuple[Any, ...]) -> bytes:
    whole = deepcopy(body)
    del _holder(whole, place)[place[-1]]
    return json.dumps(whole).encode()


def _holder(whole: Any, place: tuple[Any, ...]) -> Any:
    for key in place[:-1]:
        whole = whole[key]
    return whole


def _twice(body: Any) -> Iterator[tuple[str, bytes]]:
    if not isinstance(body, dict):
        return
    text = json.dumps(body)
    for name in body:
        for value in ("null", '"\\u0000"', "[]", "NaN"):
            first = f'{{"{name}": {value}, {text[1:]}'
            last = f'{text[:-1]}, "{name}": {value}}}'
            yield f"{name} twice, {value} first", first.encode()
            yield f"{name} twice, {value} last", last.encode()
