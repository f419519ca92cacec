"""Forged, spent and borrowed credentials of every scheme, over real HTTP."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tasks.apikeys import DIGITS, make_key
from tests.exports.macaroons.test_mutants import MUTATIONS
from tests.security.callers import PLACE
from tests.security.conftest import Some
from tests.security.house import House
from tests.security.jwts import JWTS, genuine
from tests.security.matrix import ASK, CALLBACK, SPEC, filled
from tests.security.tally import Tally
from tests.support.databox import token
from tests.support.forgeries import FORGERIES
from tests.support.specstore import token_of

pytestmark = [pytest.mark.live, pytest.mark.whole]


def body_of(value: Any, house: House, name: str = "alice") -> bytes:
    return json.dumps(filled(value, house.people[name].things)).encode()


def sendable(text: str) -> bool:
    """Tell whether a header can hold it at all."""
    return all(" " <= c < "\x7f" for c in text) and text == text.strip()


@pytest.mark.parametrize("place", ["header", "query"])
def test_forged_tokens_of_owners_upload_nothing(
    house: House, place: str, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of(f"forgeries: JWT of contract 001, in the {place}")
    for name in some(list(JWTS), 30):
        text = JWTS[name]("alice")
        if not sendable(text) or len(text) > 30_000:
            continue
        query = f"?jwt={text}" if place == "query" else ""
        headers = {"Auth-Token": text} if place == "header" else {}
        upload = f"/source/upload{query}"
        got = house.outcome("POST", upload, body_of(SPEC, house), headers)
        tally.judge(name, got, refused=not 200 <= got < 300)
        secret = f"/datasets/alice/d/latest/data/a_csv.csv{query}"
        got = house.outcome("GET", secret, None, headers)
        tally.judge(f"{name}, a private file", got, refused=got == 404)
    assert tally.wrong == [], "\n".join(tally.wrong)


def test_forged_access_tokens_open_nothing(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("forgeries: OIDC access tokens")
    path = filled("/api/v1/task?id={task}", house.people["alice"].things)
    for name in some(list(FORGERIES), 40):
        text = FORGERIES[name](house.idp)
        if not sendable(text) or len(text) > 30_000:
            continue
        headers = {"Authorization": f"Bearer {text}"}
        for method in ("GET", "DELETE"):
            got = house.outcome(method, path, None, headers)
            tally.judge(f"{name}, {method}", got, refused=got in {400, 401})
    assert tally.wrong == [], "\n".join(tally.wrong)


def test_changed_macaroons_hand_over_nothing(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("forgeries: macaroons, changed")
    chance = random.Random(random.random())
    good = token("/export", identifier="bob", destination=PLACE)
    # Alice's thing and another place: what no change of bob's token may open.
    ask = body_of(ASK, house)
    for number in some(range(3000), 150):
        mutant = MUTATIONS[number % len(MUTATIONS)](good, chance)
        if not sendable(mutant) or not mutant:
            continue
        got = house.outcome("POST", "/export", ask, {"X-Api-Key": mutant})
        tally.judge(mutant, got, refused=got in {401, 404})
    assert tally.wrong == [], "\n".join(tally.wrong)


def _changed_keys(key: str, chance: random.Random, count: int) -> Iterator[str]:
    yield from ("ep_", key[:-1], key + "0", key.upper(), key.swapcase(), key[3:])
    yield from (make_key() for _ in range(count // 4))
    for _ in range(count):
        at = chance.randrange(3, len(key))
        yield key[:at] + chance.choice(DIGITS) + key[at + 1 :]


DOORS = {
    "jobs": ("GET", "/jobs/{job}", "Bearer {}"),
    "export": ("GET", "/api/export/status/{export}", "token {}"),
    "share": ("GET", "/shares/v2/{share}", "token {}"),
    "append": ("POST", "/shares/v2/{share}/events", "token {}"),
    "datasets": ("GET", "/datasets/{name}/d/latest/data/a_csv.csv", "token {}"),
}


@pytest.mark.parametrize("scope", DOORS)
def test_changed_keys_open_nothing(
    house: House, scope: str, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of(f"forgeries: API keys, {scope}")
    alice = house.people["alice"]
    method, path, form = DOORS[scope]
    chance = random.Random(random.random())
    forged = set(_changed_keys(alice.keys[scope], chance, 300)) - {alice.keys[scope]}
    for text in some(sorted(forged), 40):
        headers = {"Authorization": form.format(text)}
        got = house.outcome(method, filled(path, alice.things), None, headers)
        tally.judge(text, got, refused=got in {401, 404})
    assert tally.wrong == [], "\n".join(tally.wrong)


def test_no_scheme_takes_the_credentials_of_another(
    house: House, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("forgeries: good credentials of another scheme")
    alice, things = house.people["alice"], house.people["alice"].things
    good = {
        "key": alice.all_but["share"],
        "JWT": token_of("alice"),
        "macaroon": token("/export", identifier="alice", destination=PLACE),
        "access token": house.idp.token(sub="alice"),
    }
    doors = [
        ("GET", "/jobs/{job}", ("Authorization", "Bearer {}"), {"key"}),
        ("GET", "/api/export/status/{export}", ("Authorization", "token {}"), {"key"}),
        (
            *("GET", "/api/v1/task?id={task}", ("Authorization", "Bearer {}")),
            {"access token"},
        ),
        ("GET", "/source/{name}/d", ("Auth-Token", "{}"), {"JWT"}),
    ]
    for method, path, (header, form), theirs in doors:
        for name in good.keys() - theirs:
            headers = {header: form.format(good[name])}
            got = house.outcome(method, filled(path, things), None, headers)
            tally.judge(f"{path} with {name}", got, refused=got in {401, 404})
    assert tally.wrong == [], "\n".join(tally.wrong)


def _changed_paths(good: str, others: str) -> list[str]:
    payload, _, signature = good.partition(":")
    other_payload, _, other_signature = others.partition(":")
    flipped = {"A": "B"}
    return [
        *(f"{payload}:{other_signature}", f"{other_payload}:{signature}"),
        *(payload, f"{payload}:", f":{signature}", f"{good}:{signature}"),
        *(good[:-1], good + "A", good.swapcase()),
        *(
            f"{good[:n]}{flipped.get(good[n], 'A')}{good[n + 1 :]}"
            for n in range(len(good))
        ),
    ]


def test_changed_callback_paths_move_nothing(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("forgeries: callback paths")
    alice, bob = house.people["alice"].things, house.people["bob"].things
    body = body_of(CALLBACK, house)
    for text in some(_changed_paths(alice["callback"], bob["callback"]), 20):
        path = f"/source/update/{text}"
        got = house.outcome("POST", path, body, {})
        tally.judge(text, got, refused=not 0 < got < 400)
    assert tally.wrong == [], "\n".join(tally.wrong)


def test_forged_places_in_a_share_are_no_places(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("forgeries: tokens of places in a share")
    alice, bob = house.people["alice"], house.people["bob"]
    share = f"/shares/v2/{alice.things['share']}"
    key = {"Authorization": f"token {alice.keys['share']}"}
    theirs = house.ask(
        *("GET", f"/shares/v2/{bob.things['share']}", None),
        {"Authorization": f"token {bob.keys['share']}"},
    ).headers["X-Last-Inserted-Token"]
    own = house.ask("GET", share, None, key).headers["X-Last-Inserted-Token"]
    flipped = [
        f"{own[:n]}{'B' if own[n] == 'A' else 'A'}{own[n + 1 :]}"
        for n in range(len(own))
    ]
    rubbish = ["", "0", "-1", "null", "%00", "%ff", "A" * 5000, own[:-1], own + "A"]
    for text in some([theirs, *flipped, *rubbish], 25):
        reply = house.ask("GET", f"{share}?token={text}", None, key)
        # Whatever it says, no event comes of it that is not the caller's to read.
        tally.judge(text, reply.status, refused=b'"b"' not in reply.content)
    assert tally.wrong == [], "\n".join(tally.wrong)


def test_what_forgeries_are_made_of_is_good_itself(house: House) -> None:
    alice = house.people["alice"]
    callback = f"/source/update/{alice.things['callback']}"
    owner = {"Auth-Token": genuine("alice")}
    hand_over = {"X-Api-Key": token("/export", identifier="alice", destination=PLACE)}

    told = [
        house.outcome("POST", "/source/upload", body_of(SPEC, house), owner),
        house.outcome("POST", callback, body_of(CALLBACK, house), {}),
        house.outcome("POST", "/export", body_of(ASK, house), hand_over),
    ]

    assert told == [200, 200, 200]
