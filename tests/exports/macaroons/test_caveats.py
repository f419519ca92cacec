"""What caveats allow, and that each must be met."""

import json

import pytest

from exports.macaroons import BadMacaroon, Facts, Reason, verify
from tests.exports.macaroons.made import FACTS, NEEDED, SECRET, THERE, minted


def refused(text: str, facts: Facts = FACTS) -> Reason:
    with pytest.raises(BadMacaroon) as bad:
        verify(text, secret=SECRET, facts=facts)
    return bad.value.reason


@pytest.mark.parametrize("value", ["POST", "post", "Post"])
def test_the_method_is_compared_without_case(value: str) -> None:
    needed = [*NEEDED[:2], f"method = {value}"]

    assert (
        verify(minted(needed=needed), secret=SECRET, facts=FACTS).identifier
        == "arbiter"
    )
    lower = Facts(target="export-service", method="post", path="/export")
    assert (
        verify(minted(needed=needed), secret=SECRET, facts=lower).identifier
        == "arbiter"
    )


def test_a_letter_of_another_script_is_no_letter_of_a_method() -> None:
    kelvin = [*NEEDED[:2], "method = LIN\u212a"]  # its lower case is our k
    facts = Facts(target="export-service", method="LINK", path="/export")

    assert refused(minted(needed=kelvin), facts) is Reason.CAVEAT


@pytest.mark.parametrize(
    "facts",
    [
        Facts(target="other-service", method="POST", path="/export"),
        Facts(target="Export-Service", method="POST", path="/export"),
        Facts(target="export-service", method="GET", path="/export"),
        Facts(target="export-service", method="POST", path="/lp/export"),
        Facts(target="export-service", method="POST", path="/export/"),
        Facts(target="export-service", method="POST", path="/EXPORT"),
    ],
)
def test_a_macaroon_is_good_for_nothing_else(facts: Facts) -> None:
    assert refused(minted(), facts) is Reason.CAVEAT


@pytest.mark.parametrize("left_out", NEEDED)
def test_target_method_and_path_must_be_there(left_out: str) -> None:
    needed = [caveat for caveat in NEEDED if caveat != left_out]

    assert refused(minted(needed=needed)) is Reason.CAVEAT


@pytest.mark.parametrize(
    "caveat",
    [
        "time < 2999-01-01",
        "",
        "target",
        "target=export-service",
        "target =  export-service",
        " target = export-service",
        "Target = export-service",
        "target = export-service ",
        "target = export-service\n",
        "path = /lp/export",
        "method = GET",
        "method = PO\u017fT",
        "method = ",
        'path = ["/export"]',
        "destination=http://127.0.0.1:8000",
        "destination = [",
        'destination = ["http://a.example/"',
        'destination = ["http://a.example/", 1]',
        "destination = [[]]",
        "destination = " + "[" * 4000,
    ],
)
def test_a_caveat_that_is_unknown_or_not_met_refuses_all(caveat: str) -> None:
    assert refused(minted(caveat)) is Reason.CAVEAT


def test_a_caveat_may_come_twice() -> None:
    assert verify(minted(*NEEDED), secret=SECRET, facts=FACTS).identifier == "arbiter"


def test_without_a_destination_caveat_the_macaroon_binds_none() -> None:
    grant = verify(minted(), secret=SECRET, facts=FACTS)

    assert not grant.names_destinations
    assert grant.allows("http://anywhere.example/")


def test_a_list_of_destinations_is_membership() -> None:
    listed = json.dumps(["http://a.example/", "http://b.example/"])
    grant = verify(minted(f"destination = {listed}"), secret=SECRET, facts=FACTS)

    assert grant.allows("http://a.example/")
    assert grant.allows("http://b.example/")
    assert not grant.allows("http://c.example/")
    assert not grant.allows(listed)


def test_an_empty_list_allows_nothing() -> None:
    grant = verify(minted("destination = []"), secret=SECRET, facts=FACTS)

    assert grant.names_destinations
    assert not grant.allows("http://a.example/")
    assert not grant.allows("")


def test_a_second_destination_caveat_can_only_narrow() -> None:
    listed = 'destination = ["http://a.example/", "http://b.example/"]'
    narrowed = minted(listed, "destination = http://b.example/")
    widened = minted(f"destination = {THERE}", listed)

    grant = verify(narrowed, secret=SECRET, facts=FACTS)
    assert grant.allows("http://b.example/")
    assert not grant.allows("http://a.example/")

    grant = verify(widened, secret=SECRET, facts=FACTS)
    assert not grant.allows(THERE)
    assert not grant.allows("http://a.example/")


def test_caveats_of_a_forged_macaroon_are_not_read() -> None:
    forged = minted("destination = [", secret=b"another secret")

    assert refused(forged) is Reason.SIGNATURE


def test_what_is_refused_tells_nothing_of_the_token() -> None:
    with pytest.raises(BadMacaroon) as bad:
        verify(minted("hidden = words"), secret=SECRET, facts=FACTS)

    assert str(bad.value) == "A caveat is unknown or not met."
