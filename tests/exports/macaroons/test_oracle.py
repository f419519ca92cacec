"""The same macaroons as pymacaroons makes, and the same ones found genuine."""

import random

import pymacaroons
import pytest
from pymacaroons.exceptions import MacaroonInvalidSignatureException

from exports.macaroons import BadMacaroon, Reason, mint, parse, verify
from tests.exports.macaroons.made import FACTS, HERE, NEEDED, SECRET, THERE, minted

ASCII = 'abc =\n\t"[]{}/:0123456789'


def theirs(
    *caveats: str, identifier: str = "arbiter", secret: bytes = SECRET
) -> pymacaroons.Macaroon:
    made = pymacaroons.Macaroon(location=HERE, identifier=identifier, key=secret)
    for caveat in caveats:
        made.add_first_party_caveat(caveat)
    return made


def found_genuine(text: str, *caveats: str) -> bool:
    verifier = pymacaroons.Verifier()
    for caveat in caveats:
        verifier.satisfy_exact(caveat)
    read = pymacaroons.Macaroon.deserialize(text)
    return bool(verifier.verify(read, SECRET))


@pytest.mark.parametrize("seed", range(50))
def test_both_make_the_same_text_of_anything(seed: int) -> None:
    chance = random.Random(seed)

    def words(least: int, most: int) -> str:
        return "".join(chance.choices(ASCII, k=chance.randint(least, most)))

    secret = chance.randbytes(chance.randint(1, 200))
    identifier = words(1, 40)
    caveats = [words(0, 60) for _ in range(chance.randint(0, 10))]

    text = mint(secret, location=HERE, identifier=identifier, caveats=caveats)

    assert text == theirs(*caveats, identifier=identifier, secret=secret).serialize()


def test_both_sign_other_scripts_alike() -> None:
    # They write the length of a packet in characters, so their text is broken.
    caveats = [*NEEDED, "destination = http://a.example/漢\U0001f36a"]
    made = theirs(*caveats, identifier="Käthe")

    text = minted(caveats[-1], identifier="Käthe")

    assert parse(text).signature.hex() == made.signature
    with pytest.raises(BadMacaroon):
        parse(made.serialize())


def test_what_they_mint_is_genuine_to_us() -> None:
    text = theirs(*NEEDED, f"destination = {THERE}").serialize()

    grant = verify(text, secret=SECRET, facts=FACTS)

    assert grant.identifier == "arbiter"
    assert grant.allows(THERE)


def test_what_we_mint_is_genuine_to_them() -> None:
    text = minted(f"destination = {THERE}")

    assert found_genuine(text, *NEEDED, f"destination = {THERE}")
    with pytest.raises(MacaroonInvalidSignatureException):
        found_genuine(text, *NEEDED)


def test_what_neither_signed_is_genuine_to_neither() -> None:
    text = minted(secret=b"another secret")

    with pytest.raises(MacaroonInvalidSignatureException):
        found_genuine(text, *NEEDED)
    with pytest.raises(BadMacaroon) as bad:
        verify(text, secret=SECRET, facts=FACTS)
    assert bad.value.reason is Reason.SIGNATURE


def test_a_holder_can_narrow_a_macaroon_but_not_widen_it() -> None:
    held = pymacaroons.Macaroon.deserialize(minted(f"destination = {THERE}"))
    held.add_first_party_caveat('destination = ["http://other.example/"]')

    grant = verify(held.serialize(), secret=SECRET, facts=FACTS)

    assert not grant.allows(THERE)
    assert not grant.allows("http://other.example/")


def test_a_holder_cannot_make_it_good_for_another_path() -> None:
    held = pymacaroons.Macaroon.deserialize(minted())
    held.add_first_party_caveat("path = /lp/export")

    with pytest.raises(BadMacaroon) as bad:
        verify(held.serialize(), secret=SECRET, facts=FACTS)
    assert bad.value.reason is Reason.CAVEAT


def test_their_third_party_caveats_are_refused() -> None:
    made = theirs(*NEEDED)
    made.add_third_party_caveat("http://auth.example/", "a shared key", "who is it")

    with pytest.raises(BadMacaroon) as bad:
        verify(made.serialize(), secret=SECRET, facts=FACTS)
    assert bad.value.reason is Reason.CAVEAT


def test_their_second_version_is_not_read() -> None:
    made = pymacaroons.Macaroon(
        location=HERE, identifier="arbiter", key=SECRET, version=2
    )

    with pytest.raises(BadMacaroon) as bad:
        verify(made.serialize(), secret=SECRET, facts=FACTS)
    assert bad.value.reason is Reason.UNREADABLE
