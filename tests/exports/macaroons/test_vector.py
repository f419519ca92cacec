"""The macaroon of the contract (000, 3.2.2)."""

from exports.macaroons import identifier_of, mint, parse, verify
from tests.exports.macaroons.made import FACTS, HERE, SECRET, THERE, VECTOR


def test_the_contracts_macaroon_is_minted_to_the_letter() -> None:
    text = mint(
        SECRET,
        location="http://127.0.0.1:8888",
        identifier="arbiter",
        caveats=[
            "target = export-service",
            "path = /export",
            "method = POST",
            "destination = http://127.0.0.1:8000",
        ],
    )

    assert text == VECTOR


def test_the_contracts_macaroon_is_read() -> None:
    macaroon = parse(VECTOR)

    assert (macaroon.location, macaroon.identifier) == (HERE, "arbiter")
    assert macaroon.caveats[3] == b"destination = http://127.0.0.1:8000"
    assert identifier_of(VECTOR) == "arbiter"


def test_the_contracts_macaroon_is_good_for_its_destination_alone() -> None:
    grant = verify(VECTOR, secret=SECRET, facts=FACTS)

    assert grant.identifier == "arbiter"
    assert grant.allows(THERE)
    assert not grant.allows(THERE + "/")
    assert not grant.allows("")
