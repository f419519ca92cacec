"""Texts that are no macaroon, or are one only nearly."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from exports.macaroons import BadMacaroon, Reason, identifier_of, mint, parse, verify
from tests.exports.macaroons.made import FACTS, HERE, NEEDED, SECRET, VECTOR, minted

RAW = urlsafe_b64decode(VECTOR + "==")


def packet(key: bytes, value: bytes) -> bytes:
    return b"%04x%b %b\n" % (len(key) + len(value) + 6, key, value)


LOCATION = packet(b"location", b"")
IDENTIFIER = packet(b"identifier", b"arbiter")
SIGNATURE = packet(b"signature", b"s" * 32)


def text_of(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def reason(text: str) -> Reason:
    with pytest.raises(BadMacaroon) as bad:
        parse(text)
    return bad.value.reason


def test_the_pieces_of_these_tests_make_a_macaroon() -> None:
    assert parse(text_of(LOCATION + IDENTIFIER + SIGNATURE)).caveats == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "MDAy",
        "====",
        "ep_" + "a" * 43 + "_00000000",
        VECTOR + "A",
        VECTOR[:-1],
        VECTOR[:-1] + "h",
        VECTOR + "=",
        VECTOR + "===",
        VECTOR + "====",
        VECTOR + "\n",
        " " + VECTOR,
        VECTOR[:50] + "=" + VECTOR[50:],
        VECTOR.replace("-", "+"),
        VECTOR[:-1] + "\u00e4",
        VECTOR[:-1] + "\u0661",
        VECTOR[:-1] + "\ud800",
        "A" * 8193,
        "A" * 1_000_000,
    ],
    ids=len,
)
def test_a_text_that_is_no_base64url_of_a_macaroon(text: str) -> None:
    assert reason(text) is Reason.UNREADABLE


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00",
        b"\x02\x01\x00" + RAW,  # version 2
        b'{"v":2,"i":"arbiter","s":"x"}',
        LOCATION + IDENTIFIER,
        IDENTIFIER + SIGNATURE,
        IDENTIFIER + LOCATION + SIGNATURE,
        LOCATION + SIGNATURE,
        LOCATION + LOCATION + IDENTIFIER + SIGNATURE,
        LOCATION + IDENTIFIER + IDENTIFIER + SIGNATURE,
        LOCATION + IDENTIFIER + SIGNATURE + SIGNATURE,
        LOCATION + IDENTIFIER + SIGNATURE + packet(b"cid", b"path = /export"),
        LOCATION + IDENTIFIER + packet(b"key", b"") + SIGNATURE,
        LOCATION + IDENTIFIER + packet(b"signature", b"s" * 31),
        LOCATION + IDENTIFIER + packet(b"signature", b"s" * 33),
        LOCATION + IDENTIFIER + packet(b"signature", b""),
        packet(b"location", b"\xff") + IDENTIFIER + SIGNATURE,
        LOCATION + packet(b"identifier", b"\xff") + SIGNATURE,
        LOCATION + packet(b"identifier", b"a\0b") + SIGNATURE,
        LOCATION + packet(b"identifier", b"i" * 501) + SIGNATURE,
        LOCATION + IDENTIFIER + packet(b"cid", b"") * 65 + SIGNATURE,
        b"0000" + LOCATION + IDENTIFIER + SIGNATURE,
        b"0004" + LOCATION + IDENTIFIER + SIGNATURE,
        b"0005 " + LOCATION + IDENTIFIER + SIGNATURE,
        b"ffff" + LOCATION[4:] + IDENTIFIER + SIGNATURE,
        b"-00f" + LOCATION[4:] + IDENTIFIER + SIGNATURE,
        b"0x0f" + LOCATION[4:] + IDENTIFIER + SIGNATURE,
        LOCATION[:4].upper() + LOCATION[4:] + IDENTIFIER + SIGNATURE,
        LOCATION + IDENTIFIER + SIGNATURE + b"00",
        LOCATION + IDENTIFIER + SIGNATURE[:-1] + b"\r",
        LOCATION + IDENTIFIER + b"002F" + SIGNATURE[4:],
        LOCATION + IDENTIFIER + b"0030" + SIGNATURE[4:],
    ],
    ids=len,
)
def test_bytes_that_are_no_packets_of_a_macaroon(raw: bytes) -> None:
    assert reason(text_of(raw)) is Reason.UNREADABLE


def test_padding_may_be_there_where_it_belongs() -> None:
    padded = minted() + "=" * (-len(minted()) % 4)

    assert padded.endswith("=")
    assert verify(padded, secret=SECRET, facts=FACTS).identifier == "arbiter"


def test_a_third_party_caveat_is_refused_before_anything_is_checked() -> None:
    third = packet(b"cid", b"x") + packet(b"vid", b"y") + packet(b"cl", b"z")

    assert reason(text_of(LOCATION + IDENTIFIER + third + SIGNATURE)) is Reason.CAVEAT


def test_sixty_four_caveats_are_no_more_than_may_be() -> None:
    whole = minted(*NEEDED[:1] * 61)

    assert verify(whole, secret=SECRET, facts=FACTS).identifier == "arbiter"
    with pytest.raises(ValueError, match="Nobody could use this macaroon"):
        minted(*NEEDED[:1] * 62)


def test_an_identifier_is_text_of_any_script() -> None:
    text = minted(identifier="Käthe \U0001f36a\nof 000acid x")

    assert identifier_of(text) == "Käthe \U0001f36a\nof 000acid x"
    assert verify(text, secret=SECRET, facts=FACTS).identifier == identifier_of(text)


def test_an_empty_identifier_can_be_read_but_is_not_minted() -> None:
    empty = packet(b"identifier", b"")

    assert parse(text_of(LOCATION + empty + SIGNATURE)).identifier == ""
    with pytest.raises(ValueError, match="needs a secret and an identifier"):
        minted(identifier="")


@pytest.mark.parametrize("size", [8_000, 100_000])
def test_a_macaroon_that_is_too_large_is_not_minted(size: int) -> None:
    with pytest.raises(ValueError, match="Nobody could use this macaroon"):
        minted("destination = " + "u" * size)


def test_an_empty_secret_neither_signs_nor_checks() -> None:
    with pytest.raises(ValueError, match="needs a secret"):
        mint(b"", location=HERE, identifier="arbiter", caveats=[])
    with pytest.raises(ValueError, match="Anybody can sign with an empty secret"):
        verify(VECTOR, secret=b"", facts=FACTS)
