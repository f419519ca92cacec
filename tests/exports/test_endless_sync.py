"""Endless reading beside writers whose transactions end in any order."""

import random
from collections import Counter
from functools import partial
from threading import Event as Signal
from time import sleep
from typing import Any

import pytest
from django.db import transaction

from exports import share_pages
from exports.events import TokenKind
from exports.models import Share, ShareQuery
from tasks.engine import shift
from tests.support.polling import until
from tests.support.sharing import a_query, a_share, put, read_page
from tests.support.threads import at_once

WRITERS, APPENDS = 3, 12

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_store"),
]


class Writers:
    """Several who append, each event with a time of its own that may be any."""

    def __init__(self, share: Share) -> None:
        self.share = share
        self.written: list[str] = []
        self.left = WRITERS
        self.done = Signal()

    def write(self) -> None:
        try:
            for _ in range(APPENDS):
                self._append()
        finally:
            self.left -= 1
            if not self.left:
                self.done.set()

    def _append(self) -> None:
        names = [f"{random.getrandbits(64):x}" for _ in range(random.randrange(1, 5))]
        events = [{"n": name, "at": str(random.randrange(1, 10**9))} for name in names]
        with transaction.atomic():
            sleep(random.uniform(0, 0.01))
            put(self.share.stream, events)
            sleep(random.uniform(0, 0.01))
        self.written += names
        sleep(random.uniform(0, 0.02))


def follow(share: Share, writers: Writers, asked: dict[str, Any]) -> list[str]:
    """Read until the writers are done and nothing is left, token by token."""
    seen: list[str] = []
    token: str | None = None
    done = writers.done.is_set()
    while True:
        limit = random.randrange(1, 6)
        query = a_query(share, token=token, limit=limit, **asked)
        if query.job:
            until(partial(is_answered, query), within_s=60, what="the answer")
        seen += [one["n"] for one in read_page(query)]
        tokens = share_pages.tokens_of(query)
        if token := tokens.get(TokenKind.NEXT):
            continue
        if done:
            return seen
        # Asked before the next pass begins, which is pinned to what there is then.
        done = writers.done.is_set()
        token = tokens[TokenKind.LAST_INSERTED]


def is_answered(query: ShareQuery) -> bool:
    # The job may also be in the hands of the other one who answers the bell.
    shift.answer()
    query.refresh_from_db()
    return query.result is not None


@pytest.mark.parametrize(
    "asked",
    [
        {"by_id": True},
        {"by_id": True, "reverse": True},
        {},
        {"reverse": True},
        {"by_id": True, "filter": "no n = x"},
        {"filter": "no n = x"},
    ],
    ids=str,
)
def test_a_reader_never_misses_an_event_and_never_sees_one_twice(
    asked: dict[str, Any],
) -> None:
    share = a_share(time_key="at")
    writers = Writers(share)
    seen: list[str] = []
    turns = iter([lambda: seen.extend(follow(share, writers, asked)), shift.answer])

    def work() -> None:
        next(turns, writers.write)()

    at_once(WRITERS + 2, work)

    assert Counter(seen) == Counter(writers.written)
