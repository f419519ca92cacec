"""What the caveats of a macaroon, already found genuine, allow (contract 3.2.2)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from exports.macaroons.errors import BadMacaroon, Reason

REQUIRED = {"target", "method", "path"}


@dataclass(frozen=True)
class Facts:
    """What is asked of us, apart from the destination, which a body names later."""

    target: str  # our own name
    method: str
    path: str


@dataclass(frozen=True)
class Grant:
    """What a genuine macaroon allows once its target, method and path are met."""

    identifier: str
    destinations: tuple[frozenset[str], ...]  # what each destination caveat names

    @property
    def names_destinations(self) -> bool:
        return bool(self.destinations)

    def allows(self, uri: str) -> bool:
        """Tell whether every destination caveat names this URI, exactly."""
        return all(uri in named for named in self.destinations)


def destinations_within(
    caveats: Iterable[bytes], facts: Facts
) -> tuple[frozenset[str], ...]:
    """Return what each destination caveat names, when all others are met.

    Raises:
        BadMacaroon: one is unknown or not met, or a required one is missing.
    """
    met, destinations = set(), []
    for caveat in caveats:
        name, value = _pair(caveat)
        if name == "destination":
            destinations.append(_uris(value))
        elif _is_met(name, value, facts):
            met.add(name)
        else:
            raise _refused("A caveat is unknown or not met.")
    if met != REQUIRED:
        raise _refused("It does not say for which target, method and path it is.")
    return tuple(destinations)


def destination_caveat(uris: list[str]) -> str:
    """Write the caveat for one URI or, as membership, for several."""
    return f"destination = {uris[0] if len(uris) == 1 else json.dumps(uris)}"


def _pair(caveat: bytes) -> tuple[str, str]:
    try:
        name, equals, value = caveat.decode().partition(" = ")
    except UnicodeDecodeError:
        raise _refused("A caveat is not UTF-8.") from None
    if not equals:
        raise _refused("A caveat is not `name = value`.")
    return name, value


def _is_met(name: str, value: str, facts: Facts) -> bool:
    if name == "method":
        # Outside of ASCII, other letters have the same lower case.
        return value.isascii() and value.lower() == facts.method.lower()
    return (name, value) in {("target", facts.target), ("path", facts.path)}


def _uris(value: str) -> frozenset[str]:
    """Read one URI, or the JSON list that old arbiters wrote."""
    if not value.startswith("["):
        return frozenset({value})
    try:
        listed = json.loads(value)
    except (ValueError, RecursionError):
        raise _refused("A list of destinations is no JSON.") from None
    if not all(isinstance(uri, str) for uri in listed):
        raise _refused("A list of destinations has what is no text.")
    return frozenset(listed)


def _refused(message: str) -> BadMacaroon:
    return BadMacaroon(Reason.CAVEAT, message)
