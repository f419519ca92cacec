"""What a request asks for: the query string, and the headers that stand for it."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, QueryDict

from tasks.errors import EntrepotError
from tasks.lookup import Wanted
from tasks.states import JobState

T = TypeVar("T")
DEFAULT_LIMIT, MOST = 50, 200
LONGEST_NAME = 40
LONGEST_WAIT_S = 60.0
KIND = re.compile(r"[a-z0-9_.-]{1,50}")
SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")
NUMBER = re.compile(r"[0-9]{1,18}")  # far below what a database's integers hold
PREFERENCE = re.compile(r'\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(;.*)?', re.IGNORECASE)
STATES = ", ".join(JobState.values)


class BadParameter(EntrepotError):
    """A parameter, by its `name`, is not what it should be."""

    def __init__(self, name: str, should: str) -> None:
        super().__init__(f"{name} {should}.")
        self.name = name


def query_of(request: HttpRequest) -> QueryDict:
    """Return the query's fields, whatever the charset that goes with the body.

    Raises:
        BadParameter: there are more than Django takes.
    """
    try:
        return QueryDict(request.META.get("QUERY_STRING", ""), encoding="utf-8")
    except TooManyFieldsSent:
        raise BadParameter("query", "has too many fields") from None


def check(query: QueryDict, *, known: tuple[str, ...]) -> None:
    """Raise BadParameter for a field that is not known, or comes twice."""
    for name, values in query.lists():
        if name not in known:
            should = f"is no parameter here; there are: {', '.join(known)}"
            raise BadParameter(name[:LONGEST_NAME], should)
        if len(values) > 1:
            raise BadParameter(name, "should be given once")


def read_wanted(query: QueryDict) -> Wanted:
    return Wanted(
        states=_one(query, "state", _states) or (),
        kind=_one(query, "kind", _kind),
        since=_one(query, "since", _time),
        until=_one(query, "until", _time),
    )


def read_limit(query: QueryDict) -> int:
    return _one(query, "limit", _limit) or DEFAULT_LIMIT


def read_after_event(query: QueryDict, headers: Mapping[str, str]) -> int:
    """Return the id of the event after which to go on; a stream's header comes first.

    A stream that broke is asked for anew by the URL with which it began.
    """
    if last := headers.get("Last-Event-ID"):
        return _event("Last-Event-ID", last)
    return _one(query, "after", _event) or 0


def read_wait_s(query: QueryDict) -> float | None:
    """Return how long to wait at most; None where the query does not say."""
    wait_s = _one(query, "wait", _seconds)
    return None if wait_s is None else min(wait_s, LONGEST_WAIT_S)


def read_rev(query: QueryDict) -> int | None:
    return _one(query, "rev", _number)


def read_preference(prefer: str) -> int | None:
    """Return the seconds of `Prefer: wait=…` (RFC 7240), if it has any that can be."""
    found = filter(None, map(PREFERENCE.fullmatch, prefer.split(",")))
    first = next(found, None)
    return min(int(first[1]), int(LONGEST_WAIT_S)) if first else None


def _one(query: QueryDict, name: str, read: Callable[[str, str], T]) -> T | None:
    text = query.get(name)
    return None if text is None else read(name, text)


def _states(name: str, text: str) -> tuple[JobState, ...]:
    words = text.split(",")
    if not set(words) <= set(JobState.values):
        raise BadParameter(name, f"should be of: {STATES}; several with commas")
    return tuple(JobState(word) for word in dict.fromkeys(words))


def _kind(name: str, text: str) -> str:
    if KIND.fullmatch(text) is None:
        raise BadParameter(name, "should be a kind of job, such as exports.export")
    return text


def _time(name: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        should = "should be a time such as 2026-11-21T08:00:00Z (a + is sent as %2B)"
        raise BadParameter(name, should) from None


def _limit(name: str, text: str) -> int:
    if NUMBER.fullmatch(text) is None or not 1 <= int(text) <= MOST:
        raise BadParameter(name, f"should be a number from 1 to {MOST}")
    return int(text)


def _number(name: str, text: str) -> int:
    if NUMBER.fullmatch(text) is None:
        raise BadParameter(name, "should be a whole number")
    return int(text)


def _event(name: str, text: str) -> int:
    if NUMBER.fullmatch(text) is None:
        raise BadParameter(name, "should be the id of an event")
    return int(text)


def _seconds(name: str, text: str) -> float:
    if SECONDS.fullmatch(text) is None:
        raise BadParameter(name, "should be a number of seconds")
    return float(text)
