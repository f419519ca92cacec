"""The text of a macaroon: packets of version 1, as libmacaroons writes them."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass

from exports.macaroons.errors import BadMacaroon, Reason

MAX_CHARS = 8192
MAX_CAVEATS = 64
MAX_IDENTIFIER_CHARS = 500
SIGNATURE_BYTES = 32

_TEXT = re.compile(r"([A-Za-z0-9_-]+)(={0,2})")
_LENGTH = re.compile(rb"[0-9a-f]{4}")


@dataclass(frozen=True)
class Macaroon:
    """What a token says; only tokens.verify() tells whether to believe it."""

    location: str  # a hint, which no signature covers
    identifier: str
    caveats: tuple[bytes, ...]
    signature: bytes


def parse(text: str) -> Macaroon:
    """Read a token without believing it.

    Each macaroon has exactly one text, apart from the padding, which may be left out.

    Raises:
        BadMacaroon: it is none, is too large, or has a third-party caveat.
    """
    match list(_packets(_decoded(text))):
        case [
            (b"location", location),
            (b"identifier", identifier),
            *middle,
            (b"signature", signature),
        ] if len(signature) == SIGNATURE_BYTES:
            return Macaroon(
                location=_string(location),
                identifier=_identifier(identifier),
                caveats=_caveats(middle),
                signature=signature,
            )
    raise _unreadable("Its packets are not those of a macaroon.")


def dump(macaroon: Macaroon) -> str:
    packets = [
        (b"location", macaroon.location.encode()),
        (b"identifier", macaroon.identifier.encode()),
        *((b"cid", caveat) for caveat in macaroon.caveats),
        (b"signature", macaroon.signature),
    ]
    raw = b"".join(
        b"%04x%b %b\n" % (len(key) + len(value) + 6, key, value)
        for key, value in packets
    )
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    match = _TEXT.fullmatch(text) if len(text) <= MAX_CHARS else None
    if match is None:
        raise _unreadable("It is too long, or not base64url.")
    bare, padding = match.groups()
    if len(bare) % 4 == 1 or (padding and len(text) % 4):
        raise _unreadable("Its length is not one of base64url.")
    raw = urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    # The last character has bits that no byte needs; they could be anything.
    if urlsafe_b64encode(raw).decode().rstrip("=") != bare:
        raise _unreadable("Its base64url ends in stray bits.")
    return raw


def _packets(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values: a length in four hex digits, key, blank, value, LF."""
    at = 0
    while at < len(raw):
        digits = raw[at : at + 4]
        if not _LENGTH.fullmatch(digits):
            raise _unreadable("A packet has no length.")
        end = at + int(digits, 16)
        key, blank, value = raw[at + 4 : end].partition(b" ")
        if end > len(raw) or not blank or not value.endswith(b"\n"):
            raise _unreadable("A packet is cut short.")
        yield key, value[:-1]
        at = end


def _caveats(packets: list[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
    keys = {key for key, _ in packets}
    if keys - {b"cid", b"vid", b"cl"} or len(packets) > MAX_CAVEATS:
        raise _unreadable("It has too many caveats, or what is no caveat.")
    if keys - {b"cid"}:
        raise BadMacaroon(Reason.CAVEAT, "It has a third-party caveat.")
    return tuple(value for _, value in packets)


def _identifier(value: bytes) -> str:
    identifier = _string(value)
    if len(identifier) > MAX_IDENTIFIER_CHARS or "\0" in identifier:
        raise _unreadable("Its identifier is too long, or has a null character.")
    return identifier


def _string(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise _unreadable("It is not UTF-8.") from None


def _unreadable(message: str) -> BadMacaroon:
    return BadMacaroon(Reason.UNREADABLE, message)
