"""Hostile JSON on every route that takes JSON: refused or taken, and nothing breaks."""

import json
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.security.callers import callers
from tests.security.conftest import Some
from tests.security.hostile_json import BROKEN, ODD, mutants
from tests.security.house import House
from tests.security.matrix import HAND_OVER, ROWS, Row, filled
from tests.security.people import fresh_things
from tests.security.tally import Tally
from tests.support.databox import token

pytestmark = pytest.mark.live

Sent = tuple[Row, str, bytes]
TAKES_JSON = [row for row in ROWS if row.body is not None]
# A body says nothing there.
TAKES_NONE = [row for row in ROWS if row.method == "POST" and row.body is None]
FAULT = 1011


def own(row: Row, house: House) -> dict[str, str]:
    """Return the headers by which alice asks for what is hers."""
    return callers(row.by, house, row.path)["own"][0][1]


def send(row: Row, house: House, body: bytes) -> int:
    path = filled(row.path, house.people["alice"].things)
    return house.outcome(row.method, path, body, own(row, house))


def test_what_is_no_json_is_refused_by_every_route(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("hostile JSON: what is none, on every route")
    for row, name in some([(r, n) for r in TAKES_JSON for n in BROKEN], 60):
        got = send(row, house, BROKEN[name])
        tally.judge(f"{row.route}: {name}", got, refused=not 0 <= got < 400)
    assert tally.wrong == [], "\n".join(tally.wrong)


def test_odd_json_breaks_no_route(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("hostile JSON: what is odd, on every route")
    for row, name in some([(r, n) for r in TAKES_JSON + TAKES_NONE for n in ODD], 60):
        tally.must_not_break(f"{row.route}: {name}", send(row, house, ODD[name]))
    assert tally.wrong == [], "\n".join(tally.wrong)


def _changed(house: House) -> Iterator[Sent]:
    things = house.people["alice"].things
    for row in TAKES_JSON:
        for name, body in mutants(filled(row.body, things)):
            yield row, name, body


def test_a_good_body_with_anything_changed_breaks_no_route(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("hostile JSON: good bodies with one thing changed")
    for row, name, body in some(list(_changed(house)), 60):
        tally.must_not_break(f"{row.route}: {name}", send(row, house, body))
    _nothing_is_poisoned(house, tally)
    assert tally.wrong == [], "\n".join(tally.wrong)


def _nothing_is_poisoned(house: House, tally: Tally) -> None:
    """Read everything that can be read: what was taken must not break it."""
    alice = house.people["alice"]
    alice.things |= fresh_things(alice)
    for row in ROWS:
        if row.method == "GET" and row.own < 500:
            path = filled(row.path, alice.things)
            got = house.outcome("GET", path, None, own(row, house))
            tally.must_not_break(f"{row.route} afterwards", got)


@pytest.mark.whole
def test_hostile_frames_break_no_socket(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("hostile JSON: frames of WS /ws/export")
    documents = [*BROKEN.items(), *ODD.items(), *mutants(HAND_OVER)]
    for name, body in some(documents, 30):
        for frame in _as_frames(body):
            tally.must_not_break(f"frame: {name}", _answer_to(house, frame))
    assert tally.wrong == [], "\n".join(tally.wrong)


def _as_frames(body: bytes) -> Iterator[bytes | str]:
    yield body
    try:
        yield body.decode()
    except UnicodeDecodeError:
        return


def _answer_to(house: House, frame: bytes | str) -> int:
    """Return 500 if a frame makes the service break off with a fault of its own."""
    key = token("/ws/export", identifier="alice", destination=HAND_OVER["uri"])
    url = f"ws://127.0.0.1:{house.service.port}/ws/export"
    try:
        with connect(
            url, proxy=None, additional_headers={"X-Api-Key": key}, open_timeout=10
        ) as client:
            client.send(frame)
            client.recv(timeout=10)
    except ConnectionClosed as closed:
        return 500 if closed.rcvd and closed.rcvd.code == FAULT else 200
    return 200


def test_the_good_bodies_themselves_are_taken(house: House) -> None:
    alice = house.people["alice"]
    for row in TAKES_JSON:
        alice.things |= fresh_things(alice)
        body = json.dumps(filled(row.body, alice.things)).encode()

        assert send(row, house, body) == row.own, row.route
