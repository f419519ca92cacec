"""Making macaroons, and telling the genuine ones (contract 3.2.2)."""

import hmac
from collections.abc import Iterable, Sequence

from exports.macaroons.caveats import Facts, Grant, destinations_within
from exports.macaroons.errors import BadMacaroon, Reason
from exports.macaroons.packets import Macaroon, dump, parse

KEY_GENERATOR = b"macaroons-key-generator"


def mint(
    secret: bytes, *, location: str, identifier: str, caveats: Sequence[str]
) -> str:
    """Return the text of a new macaroon.

    Raises:
        ValueError: nobody could use it: no identifier or secret, or it is too large.
    """
    if not secret or not identifier:
        raise ValueError("A macaroon needs a secret and an identifier.")
    signed = [caveat.encode() for caveat in caveats]
    signature = _signature(secret, identifier, signed)
    text = dump(Macaroon(location, identifier, tuple(signed), signature))
    try:
        parse(text)
    except BadMacaroon as error:
        raise ValueError(f"Nobody could use this macaroon. {error}") from None
    return text


def identifier_of(text: str) -> str:
    """Return whose macaroon this claims to be, to choose the secret for verify().

    Anybody can write any name there: trust it for nothing else.

    Raises:
        BadMacaroon: it cannot be read.
    """
    return parse(text).identifier


def verify(text: str, *, secret: bytes, facts: Facts) -> Grant:
    """Return what the macaroon allows; its caveats are read if it is genuine.

    Raises:
        BadMacaroon: it is not genuine, or not for what is asked.
    """
    if not secret:
        raise ValueError("Anybody can sign with an empty secret.")
    macaroon = parse(text)
    expected = _signature(secret, macaroon.identifier, macaroon.caveats)
    if not hmac.compare_digest(expected, macaroon.signature):
        raise BadMacaroon(Reason.SIGNATURE, "It was not signed with this secret.")
    return Grant(macaroon.identifier, destinations_within(macaroon.caveats, facts))


def _signature(secret: bytes, identifier: str, caveats: Iterable[bytes]) -> bytes:
    """Sign the identifier, and with each signature the caveat after it."""
    signature = _hmac(_hmac(KEY_GENERATOR, secret), identifier.encode())
    for caveat in caveats:
        signature = _hmac(signature, caveat)
    return signature


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
