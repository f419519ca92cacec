"""Every route by who asks: each is let in where it is theirs, and nowhere else."""

import json
from collections.abc import Callable

import pytest

from tests.security.callers import KINDS, callers
from tests.security.house import NO, House
from tests.security.matrix import ROWS, Row, filled
from tests.security.people import fresh_things
from tests.security.routes import routes
from tests.security.tally import Tally

pytestmark = pytest.mark.live


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    rows = {(row.method, row.route) for row in ROWS}

    assert rows == routes()


def test_every_kind_of_credential_is_used() -> None:
    assert {row.by for row in ROWS} == set(KINDS)


def test_each_is_let_in_where_it_is_theirs_and_nowhere_else(
    house: House, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("authorisation: every route by who asks")
    for row in ROWS:
        _try(row, house, tally)
    assert tally.wrong == [], "\n".join(tally.wrong)


def _try(row: Row, house: House, tally: Tally) -> None:
    for kind, ways in callers(row.by, house, row.path).items():
        for whose, headers in ways:
            person = house.people[whose]
            wanted = getattr(row, kind)
            got = _ask(row, house, whose, headers)
            _judge(tally, f"{row.method} {row.path} as {kind}", wanted, got)
            if kind == "own" and row.method not in {"GET", "WS"}:
                person.things |= fresh_things(person)


def _ask(row: Row, house: House, whose: str, headers: dict[str, str]) -> int:
    things = house.people[whose].things
    body = json.dumps(filled(row.body, things)).encode() if row.body else None
    path = filled(row.path, things)
    got = house.outcome(row.method, path, body, headers)
    if not row.shows or got != 200:
        return got
    shown = house.ask(row.method, path, body, headers).content
    return 200 if filled(row.shows, things).encode() in shown else NO


def _judge(tally: Tally, name: str, wanted: int, got: int) -> None:
    tally.tried += 1
    if got == wanted:
        return
    told = f"{name}: {got}, not {wanted}"
    if got >= 500 and got < 1000:
        tally.faults.append(told)
    elif 0 < got < 400:
        tally.accepted.append(told)
    else:
        tally.leaked.append(told)
