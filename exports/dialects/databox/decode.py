"""A request's body: what must be in it, and where it is wrong (contract 3.2.1)."""

import json
import re
from dataclasses import dataclass
from json.decoder import JSONDecodeError
from json.encoder import encode_basestring
from typing import Any, NoReturn
from uuid import UUID

from tasks.errors import EntrepotError

FIELDS = ("id", "uri", "data")
NIL = UUID(int=0)
ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
WHITE = re.compile(r"[ \t\n\r]*")
# Strings are matched whole, so that what is white within them stays.
PARTS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[ \t\n\r]++', re.DOTALL)
LONGEST_SHOWN = 100
TOO_DEEP = "nested too deeply"


class Undecodable(EntrepotError):
    """The body is not what is asked for; the message is the contract's text."""


class Number(str):
    """A number as it was written, of whatever size."""

    __slots__ = ()


@dataclass(frozen=True)
class Asked:
    """A body's fields; `delivery_id` is None for a new request."""

    uri: str
    sent_id: str
    sent_data: str

    @property
    def delivery_id(self) -> UUID | None:
        """Raise Undecodable for what is no UUID."""
        if not self.sent_id:
            return None
        if not ID.fullmatch(self.sent_id):
            raise Undecodable(f"invalid id: {shown(self.sent_id)}")
        found = UUID(self.sent_id)
        return None if found == NIL else found

    @property
    def data(self) -> str:
        """The data without its white space, each number as it was written.

        Raises:
            Undecodable: it is no JSON object or array.
        """
        try:
            value = _parsed(self.sent_data)
        except Undecodable as error:
            raise Undecodable(f"invalid data: {error}") from None
        if not isinstance(value, dict | list):
            found = shown(self.sent_data)
            raise Undecodable(f"invalid data: {found} is no JSON object or array")
        compact = PARTS.sub(_compacted, self.sent_data)
        if _has_lone_surrogate(compact):
            raise Undecodable("invalid data: an escape is half of a surrogate pair")
        return compact


def read(body: bytes) -> Asked:
    """Return the fields of a body, whose content type does not matter.

    Raises:
        Undecodable: it is no JSON, or a field is missing or no string.
    """
    text = _text(body)
    fields = _parsed(text)
    if not isinstance(fields, dict):
        _not_expected(text, _skip(text, 0), fields, "`Os")
    for name in FIELDS:
        if name not in fields:
            raise Undecodable(f"missing value for request.{name}")
        value = fields[name]
        if not isinstance(value, str) or isinstance(value, Number):
            _not_expected(text, _start_of(name, text), value, "`String")
        if _has_lone_surrogate(value):
            raise Undecodable(f"request.{name} holds half of a surrogate pair")
    if "\0" in fields["uri"]:  # which PostgreSQL cannot keep
        raise Undecodable("request.uri holds a NUL character")
    return Asked(fields["uri"], fields["id"], fields["data"])


def shown(text: str) -> str:
    """Return a text that may be anything as a part of an answer."""
    short = f"{text[:LONGEST_SHOWN]}…" if len(text) > LONGEST_SHOWN else text
    return "".join(one if one.isprintable() else "�" for one in short)


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        before = body[: error.start].decode()
        where = _where(before, len(before))
        raise Undecodable(f"{where}\nnot UTF-8: {error.reason}") from None


def _parsed(text: str) -> Any:
    try:
        return json.loads(
            text, parse_int=Number, parse_float=Number, parse_constant=_refuse
        )
    except JSONDecodeError as error:
        why = error.msg.removesuffix(" at").removesuffix(" starting").split(" (")[0]
        raise Undecodable(f"{_where(text, error.pos)}\n{why}") from None
    except RecursionError:
        raise Undecodable(TOO_DEEP) from None


def _refuse(constant: str) -> NoReturn:
    raise Undecodable(f"{constant} is no JSON number")


def _compacted(part: re.Match[str]) -> str:
    text = part[0]
    if text[0] != '"':
        return ""
    return encode_basestring(_DECODER.raw_decode(text)[0]) if "\\" in text else text


def _has_lone_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _not_expected(text: str, start: int, value: Any, wanted: str) -> NoReturn:
    """Complain as the original does, of the place where a lexeme ends."""
    size = 1 if isinstance(value, dict | list) else _end_of_value(text, start) - start
    where = _where(text, start + size - 1)
    found = _lexeme(value)
    raise Undecodable(
        f"{where}\nFound lexeme {found}, but lexeme {wanted} was expected"
    )


def _lexeme(value: Any) -> str:
    match value:
        case None:
            return "`Null"
        case bool():
            return f"`Bool {str(value).lower()}"
        case Number():
            return f"`Float {_float(value)}"
        case str():
            return f"`String {json.dumps(shown(value), ensure_ascii=False)}"
        case dict():
            return "`Os"
        case _:
            return "`As"


def _float(number: str) -> str:
    """Write a number as OCaml's string_of_float does."""
    text = f"{float(number):.12g}"
    return text if text.strip("-0123456789") else f"{text}."


def _where(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return f"line {line}, character {column}:"


def _start_of(name: str, text: str) -> int:
    """Return where the last value of a name starts, in an object known to be good."""
    found = -1
    at = _skip(text, _skip(text, 0) + 1)
    while text[at] == '"':
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if key == name:
            found = at
        at = _skip(text, _end_of_value(text, at))
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def _end_of_value(text: str, start: int) -> int:
    return int(_DECODER.raw_decode(text, start)[1])


def _skip(text: str, at: int) -> int:
    match = WHITE.match(text, at)
    return match.end() if match else at


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number)
