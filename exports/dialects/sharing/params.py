"""The parameters of a query, read from its raw query string (contract 3.3.2)."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_to_bytes

from exports.asking import MOST_EVENTS, Asked
from exports.tables.errors import BadRule
from exports.tables.rules import parse_rule
from tasks.errors import EntrepotError

VALIDATION = "query validation"
TRUE, FALSE = {"", "true", "1", "yes"}, {"false", "0", "no"}
MOST_SHOWN = 200  # characters of a value that is no good
MOST_ERRORS = 50
LONGEST_FILTER = 20_000
MOST_KEYS = 1_000
EARLIEST, LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)

Values = list[str]


@dataclass(frozen=True, slots=True)
class Fault:
    key: str
    message: str
    type: str = VALIDATION


class BadInputs(EntrepotError):
    """Some parameters are no good; `faults` tells each."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(one.message for one in faults))
        self.faults = faults


class Bad(Exception):
    """A value that is no good; with no message of its own, it is shown."""


def none_taken(query: bytes) -> None:
    """Raise BadInputs for any parameter at all."""
    faults = [_unknown(name) for name in _fields(query)]
    if faults:
        raise BadInputs(faults[:MOST_ERRORS])


def read(query: bytes, *, at: datetime, is_notification: bool) -> Asked:
    """Return what a query string asks for; times are counted from `at`.

    A notification is all of one batch: it takes a limit, a token, and being told that
    it is not reversed.

    Raises:
        BadInputs: it cannot be; a token that means nothing is not told here.
    """
    given = _fields(query)
    taken = NOTIFICATION if is_notification else READERS
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, values in given.items():
        try:
            reader = taken[name]
        except KeyError:
            faults.append(_unknown(name))
            continue
        try:
            found |= reader(values, at)
        except Bad as bad:
            faults.append(Fault(name, str(bad) or _invalid(name, values)))
    if faults:
        raise BadInputs(faults[:MOST_ERRORS])
    return Asked(**found, shown=given)


def text_of(raw: bytes) -> str:
    """Decode what a URL's query holds; what is no UTF-8 is shown as such."""
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", "replace")


def _fields(query: bytes) -> dict[str, Values]:
    """Return the values of each parameter; only a projection is split at commas."""
    found: dict[str, Values] = {}
    for part in filter(None, query.split(b"&")):
        raw_name, _, raw = part.partition(b"=")
        name = text_of(raw_name)
        values = raw.split(b",") if name == "projection" else [raw]
        found.setdefault(name, []).extend(map(text_of, values))
    return found


def _start(values: Values, at: datetime) -> Mapping[str, Any]:
    return {"start": moment(_only(values), at)}


def _end(values: Values, at: datetime) -> Mapping[str, Any]:
    return {"end": moment(_only(values), at)}


def moment(text: str, at: datetime) -> datetime:
    """Read a date, a time, seconds since 1970, or (not above 0) before `at`.

    Raises:
        Bad: it is none of these, or no calendar has it.
    """
    try:
        seconds = float(text)
    except ValueError:
        return _iso(text)
    if not math.isfinite(seconds):
        raise Bad
    try:
        found = (
            datetime.fromtimestamp(seconds, UTC)
            if seconds > 0
            else at + timedelta(seconds=seconds)
        )
    except (OverflowError, ValueError, OSError):
        raise Bad from None
    return _within(found)


def _iso(text: str) -> datetime:
    # A plus that was not encoded has become a blank.
    head, blank, zone = text.rpartition(" ")
    is_zone = blank and "T" in head and ":" in zone
    try:
        found = datetime.fromisoformat(f"{head}+{zone}" if is_zone else text)
    except ValueError:
        raise Bad from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return _within(found)


def _within(found: datetime) -> datetime:
    if not EARLIEST <= found <= LATEST:
        raise Bad
    return found.astimezone(UTC)


def _filter(values: Values, _: datetime) -> Mapping[str, Any]:
    text = _only(values)
    if "\0" in text:  # which no event has, nor can every database hold it
        raise Bad
    if len(text) > LONGEST_FILTER:
        raise Bad(f"Invalid filter: longer than {LONGEST_FILTER} characters")
    try:
        parse_rule(text)
    except BadRule as error:
        raise Bad(f"Invalid filter: {error}") from None
    return {"filter": text}


def _projection(values: Values, _: datetime) -> Mapping[str, Any]:
    if not all(values) or len(values) > MOST_KEYS or "\0" in "".join(values):
        raise Bad
    return {"projection": tuple(dict.fromkeys(values))}


def _sort(values: Values, _: datetime) -> Mapping[str, Any]:
    if _only(values) != "_id":
        raise Bad
    return {"by_id": True}


def _reverse(values: Values, _: datetime) -> Mapping[str, Any]:
    word = _only(values).strip().lower()
    if word not in TRUE | FALSE:
        raise Bad
    return {"reverse": word in TRUE}


def _not_reversed(values: Values, at: datetime) -> Mapping[str, Any]:
    if _reverse(values, at)["reverse"]:
        raise Bad
    return {}


def _limit(values: Values, _: datetime) -> Mapping[str, Any]:
    text = _only(values)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Bad
    limit = int(text)
    if not 1 <= limit <= MOST_EVENTS:
        raise Bad
    return {"limit": limit}


def _token(values: Values, _: datetime) -> Mapping[str, Any]:
    # Several mean as little as one that is no token, which is told with the result.
    return {"token": ",".join(values)}


def _only(values: Values) -> str:
    if len(values) != 1:
        raise Bad
    return values[0]


Reader = Callable[[Values, datetime], Mapping[str, Any]]
READERS: dict[str, Reader] = {
    "start": _start,
    "end": _end,
    "filter": _filter,
    "projection": _projection,
    "sort": _sort,
    "reverse": _reverse,
    "limit": _limit,
    "token": _token,
}
NOTIFICATION: dict[str, Reader] = {
    "limit": _limit,
    "token": _token,
    "reverse": _not_reversed,
}


def _unknown(name: str) -> Fault:
    return Fault(clipped(name), f"Unknown parameter: {clipped(name)}")


def _invalid(name: str, values: Values) -> str:
    return f"Invalid {name}: {clipped(repr(values))}"


def clipped(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
