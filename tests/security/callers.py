"""The headers by which each kind of caller comes, for each kind of credential."""

from collections.abc import Callable
from typing import Any

from tests.security.house import House
from tests.security.people import Person
from tests.support.databox import METHODS, token
from tests.support.specstore import token_of

Headers = dict[str, str]
PLACE = "http://198.51.100.1/"
# Comes from elsewhere: this machine may read the metrics without a key.
AFAR = {"X-Forwarded-For": "198.51.100.7"}


def callers(by: str, house: House, path: str) -> dict[str, list[tuple[str, Headers]]]:
    """Return by kind of caller: whose things are asked for, and with which headers."""
    return KINDS[by](house, path.partition("?")[0])


Found = dict[str, list[tuple[str, Headers]]]


def _nobody(house: House, path: str) -> Found:
    kinds = ("none", "own", "other", "revoked", "wrong")
    return {kind: [("alice", {})] for kind in kinds}


def _key(scope: str, write: Callable[[str], Headers]) -> Callable[[House, str], Found]:
    def found(house: House, path: str) -> Found:
        alice, bob, carol = house.people.values()
        return {
            "none": [("alice", write(""))],
            "other": [("alice", write(bob.keys[scope]))],
            "revoked": [
                ("alice", write(alice.revoked_keys[scope])),
                ("carol", write(carol.keys[scope])),
            ],
            "wrong": [("alice", write(alice.all_but[scope]))],
            "own": [("alice", write(alice.keys[scope]))],
        }

    return found


def _as_token(key: str) -> Headers:
    return {"Authorization": f"token {key}"} if key else {}


def _as_bearer(key: str) -> Headers:
    return {"Authorization": f"Bearer {key}"} if key else {}


def _from_afar(key: str) -> Headers:
    return {**_as_bearer(key), **AFAR}


def _as_api_key(key: str) -> Headers:
    return {"X-Api-Key": key} if key else {}


def _jwt(house: House, path: str) -> Found:
    def of(name: str, **claims: Any) -> Headers:
        permissions = {"max_dataset_num": 1000}
        return {"Auth-Token": token_of(name, permissions=permissions, **claims)}

    return {
        "none": [("alice", {})],
        "other": [("alice", of("bob"))],
        "revoked": [("carol", of("carol"))],
        "wrong": [("alice", of("alice", service="rawstore"))],
        "own": [("alice", of("alice"))],
    }


def _both(
    one: Callable[[House, str], Found], another: Callable[[House, str], Found]
) -> Callable[[House, str], Found]:
    def found(house: House, path: str) -> Found:
        first, second = one(house, path), another(house, path)
        return {kind: [*first[kind], *second[kind]] for kind in first}

    return found


def _macaroon(house: House, path: str) -> Found:
    def of(person: Person, to: str = path) -> Headers:
        name = person.name
        return _as_api_key(token(to, identifier=name, destination=PLACE))

    alice, bob, carol = house.people.values()
    elsewhere = next(one for one in METHODS if one != path)
    return {
        "none": [("alice", {})],
        "other": [("alice", of(bob))],
        "revoked": [("carol", of(carol))],
        "wrong": [("alice", of(alice, elsewhere))],
        "own": [("alice", of(alice))],
    }


def _oidc(scope: str, wrong: str) -> Callable[[House, str], Found]:
    def found(house: House, path: str) -> Found:
        def of(name: str, scope: str = scope) -> Headers:
            return _as_bearer(house.idp.token(sub=name, scope=scope))

        return {
            "none": [("alice", {})],
            "other": [("alice", of("bob"))],
            "revoked": [("carol", of("carol"))],
            "wrong": [("alice", of("alice", wrong))],
            "own": [("alice", of("alice"))],
        }

    return found


def _staff(house: House, path: str) -> Found:
    return {kind: [("alice", house.staff[kind])] for kind in house.staff}


KINDS: dict[str, Callable[[House, str], Found]] = {
    "nothing": _nobody,
    "metrics": _key("metrics", _from_afar),
    "callback": _key("callback", _as_token),
    "export": _key("export", _as_token),
    "jobs": _both(_key("jobs", _as_bearer), _key("jobs", _as_token)),
    "share": _key("share", _as_token),
    "append": _key("append", _as_token),
    "staff": _staff,
    "jwt": _jwt,
    "owner": _both(_jwt, _key("datasets", _as_token)),
    "deliver": _both(_key("deliver", _as_api_key), _macaroon),
    "read": _oidc("read", "write"),
    "write": _oidc("write", "read"),
}
