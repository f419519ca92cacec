"""Which page of a list a request asks for: `limit`, and `after`, an opaque cursor."""

import base64
import binascii
import re
from dataclasses import dataclass

from django.http import HttpRequest

from registry.tokens import query_of

DEFAULT_LIMIT, MOST = 50, 200
LONGEST_SEARCH = 200
# Far below what a database's integers hold.
PLACE = re.compile(rb"([a-z]):([0-9]{1,18})")


class BadPage(ValueError):
    """The request names no page; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Asked:
    limit: int
    after: int | None
    words: str


def read_page(request: HttpRequest, *, kind: str) -> Asked:
    """Read the query string; `kind` is a letter for what the list is of."""
    query = query_of(request)
    after = query.get("after")
    return Asked(
        limit=_limit(query.get("limit", str(DEFAULT_LIMIT))),
        after=None if after is None else _place(after, kind),
        words=_words(query.get("q", "")),
    )


def cursor(kind: str, place: int | None) -> str | None:
    if place is None:
        return None
    return base64.urlsafe_b64encode(f"{kind}:{place}".encode()).decode().rstrip("=")


def _limit(text: str) -> int:
    if re.fullmatch("[0-9]{1,4}", text) is None or not 1 <= int(text) <= MOST:
        raise BadPage(f"limit should be a number from 1 to {MOST}.")
    return int(text)


def _place(text: str, kind: str) -> int:
    padded = text + "=" * (-len(text) % 4)
    try:
        found = PLACE.fullmatch(base64.b64decode(padded, b"-_", validate=True))
    except (binascii.Error, ValueError):
        found = None
    if found is None or found[1] != kind.encode():
        raise BadPage("after should be the `next` of a page of this list.")
    return int(found[2])


def _words(text: str) -> str:
    if len(text) > LONGEST_SEARCH or "\0" in text:
        raise BadPage(f"q should be text of at most {LONGEST_SEARCH} characters.")
    return text
