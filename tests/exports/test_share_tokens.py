"""Tokens: which query they go on with, and which are good for nothing."""

from typing import Any

import pytest
from pytest_django import Settings

from exports import share_pages, sharing
from exports.events import BadToken, TokenKind
from exports.models import Share, ShareQuery
from exports.share_tokens import read_token
from tasks.engine import shift
from tests.support.sharing import a_query, a_share, put, read_page, some_events

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_store"),
]


@pytest.fixture
def share() -> Share:
    made = a_share()
    put(made.stream, some_events(6))
    return made


def ask(share: Share, **asked: Any) -> ShareQuery:
    query = a_query(share, **asked)
    shift.answer()
    query.refresh_from_db()
    return query


def numbers(query: ShareQuery) -> list[str]:
    return [one["n"] for one in read_page(query)]


def tokens(share: Share, **asked: Any) -> dict[TokenKind, str]:
    return share_pages.tokens_of(ask(share, **asked))


ORDERS = [
    {"by_id": by_id, "reverse": reverse}
    for by_id in (False, True)
    for reverse in (False, True)
]


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_each_kind_of_token_goes_on_from_its_place(
    share: Share, order: dict[str, bool]
) -> None:
    found = tokens(share, limit=3, **order)
    put(share.stream, [{"n": "late"}])

    read = {
        kind: numbers(ask(share, token=token, **order)) for kind, token in found.items()
    }

    rest = ["2", "1", "0"] if order["reverse"] else ["3", "4", "5"]
    first = ["4", "3"] if order["reverse"] else ["1", "2"]
    # Only in the order of insertion what is new comes behind all the rest.
    more = ["late"] if order == {"by_id": True, "reverse": False} else []
    assert read == {
        TokenKind.FIRST: [*first, *rest, *more],
        TokenKind.LAST: [*rest, *more],
        TokenKind.NEXT: [*rest, *more],
        TokenKind.LAST_INSERTED: ["late"],
    }


def test_the_last_inserted_token_is_good_for_any_order(share: Share) -> None:
    token = tokens(share)[TokenKind.LAST_INSERTED]
    put(share.stream, [{"n": "a"}])
    put(share.stream, [{"n": "b"}])

    for order in ORDERS:
        read = numbers(ask(share, token=token, **order))
        assert read == (["b", "a"] if order["reverse"] else ["a", "b"])


def test_without_more_there_is_no_next_token(share: Share) -> None:
    assert TokenKind.NEXT in tokens(share, limit=5)
    assert TokenKind.NEXT not in tokens(share, limit=6)


def test_an_empty_page_has_only_the_token_for_what_comes() -> None:
    assert list(tokens(a_share())) == [TokenKind.LAST_INSERTED]


@pytest.mark.parametrize(
    "other",
    [
        {"filter": "n = 3"},
        {"by_id": True},
        {"reverse": True},
    ],
    ids=str,
)
def test_a_token_of_another_query_is_a_bad_one(
    share: Share, other: dict[str, Any]
) -> None:
    token = tokens(share, limit=2)[TokenKind.NEXT]

    assert ask(share, token=token).page is not None
    assert ask(share, token=token, **other).page is None


def test_a_token_of_another_share_is_a_bad_one(share: Share) -> None:
    token = tokens(share, limit=2)[TokenKind.NEXT]

    assert ask(a_share(), token=token).page is None


def test_revoked_tokens_are_bad_ones_at_once(share: Share) -> None:
    token = tokens(share, limit=2)[TokenKind.NEXT]

    sharing.revoke_tokens(Share.objects.filter(pk=share.pk))

    assert ask(share, token=token).page is None
    fresh = tokens(share, limit=2)[TokenKind.NEXT]
    assert ask(share, token=fresh).page is not None


def test_a_token_outlives_a_change_of_the_secret_key(
    share: Share, settings: Settings
) -> None:
    token = tokens(share, limit=2)[TokenKind.NEXT]
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"

    assert ask(share, token=token).page is not None
    settings.SECRET_KEY_FALLBACKS = []
    assert ask(share, token=token).page is None


def test_a_token_with_any_character_changed_is_a_bad_one(share: Share) -> None:
    token = tokens(share, limit=2)[TokenKind.NEXT]

    for place, char in enumerate(token):
        other = "A" if char != "A" else "B"
        changed = token[:place] + other + token[place + 1 :]
        assert _is_bad(changed), place


@pytest.mark.parametrize(
    "text", ["", ".", "foo", "foo.bar", "\0", "é" * 9, "x" * 5000, "a" * 200 + ".b"]
)
def test_what_is_no_token_is_a_bad_one(text: str) -> None:
    assert _is_bad(text)


def _is_bad(text: str) -> bool:
    try:
        read_token(text)
    except BadToken:
        return True
    return False
