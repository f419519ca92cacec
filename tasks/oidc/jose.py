"""A signed token in its compact form (RFC 7515, 7519), read strictly.

Nothing in a token says by which key it is checked, but the key's name: `jku`, `jwk`,
`x5u` and `x5c` are not looked at.
"""

import json
import math
import re
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Any

import jwt

from tasks.oidc.errors import BadToken
from tasks.oidc.keys import ALGORITHMS, Key

# What the library lets through of a token that is odd enough, besides its own.
ODD = (OverflowError, RecursionError, TypeError, ValueError)
# "at+jwt" is RFC 9068's; most providers sign access tokens as plain "JWT".
ACCESS = frozenset({"at+jwt", "application/at+jwt"})
PLAIN = frozenset({"jwt", "application/jwt"})
LONGEST_KID = 500
COMPACT = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){2}")


@dataclass(frozen=True)
class Header:
    algorithm: str
    kid: str | None
    kind: str  # the `typ`, in small letters; "" when there is none


def looks_signed(text: str) -> bool:
    """Tell a token that says itself to be a JOSE object from one that says nothing."""
    first, _, _ = text.partition(".")
    if first.startswith("eyJ"):  # the beginning of every compact JSON object
        return True
    try:
        return isinstance(_object(first), dict)
    except ODD:
        return False


def read_header(text: str) -> Header:
    """Read what a token says of itself, before anything of it is believed.

    Raises BadToken.
    """
    if not COMPACT.fullmatch(text):
        raise BadToken("it is not a signed token of three parts")
    try:
        header = _object(text.partition(".")[0])
    except ODD:
        raise BadToken("its header cannot be read") from None
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise BadToken("its algorithm is not one that is allowed")
    if "crit" in header or "b64" in header:
        raise BadToken("it demands extensions that are not known here")
    if not (kid is None or (isinstance(kid, str) and 0 < len(kid) <= LONGEST_KID)):
        raise BadToken("its key's name cannot be read")
    if not isinstance(kind, str) or "cty" in header:
        raise BadToken("it is of another kind")
    return Header(algorithm, kid, kind.lower())


def verified(text: str, header: Header, keys: list[Key]) -> dict[str, Any]:
    """Return the claims of a token that one of the keys has signed.

    Raises BadToken.
    """
    for key in keys:
        try:
            payload = jwt.PyJWS().decode_complete(
                text, key.public, algorithms=[header.algorithm]
            )["payload"]
        except (jwt.PyJWTError, *ODD):
            continue
        try:
            return _strict(payload)
        except ODD:
            raise BadToken("its claims cannot be read") from None
    raise BadToken("its signature is not the provider's")


def _object(segment: str) -> dict[str, Any]:
    try:
        raw = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except NotBase64:
        raise ValueError("not base64") from None
    return _strict(raw)


def _strict(raw: bytes) -> dict[str, Any]:
    """Read an object whose names are given once and whose numbers are finite."""
    found = json.loads(
        raw.decode(),
        object_pairs_hook=_once,
        parse_constant=_refuse,
        parse_float=_finite,
    )
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - the text's fault, no caller's
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is not finite")
    return number


def _refuse(text: str) -> float:
    raise ValueError("a number is not finite")
