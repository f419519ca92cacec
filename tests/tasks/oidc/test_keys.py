"""The provider's keys: fetched once, anew after a rotation, kept while it is down."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from time import monotonic
from typing import Any

import pytest
from pytest_django import Settings

from tasks.oidc import access, kept, provider
from tasks.oidc.errors import BadToken, IdpDown
from tasks.oidc.keys import read_keys
from tests.support.idp import Idp, Reply
from tests.support.idp_keys import pair
from tests.support.sources import Sources


class Clock:
    """A clock that stands still until it is moved on."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(idp: Idp, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let the provider's documents age only as the test says."""
    clock = Clock()
    trusted = provider.current()
    assert trusted
    monkeypatch.setattr(trusted._keys, "_clock", clock)
    monkeypatch.setattr(trusted._doors, "_clock", clock)
    return clock


def good(token: str) -> bool:
    try:
        return bool(access.grant_of(f"Bearer {token}").scopes)
    except BadToken:
        return False


def test_a_thousand_requests_cost_two_fetches(idp: Idp) -> None:
    token = idp.token()

    assert all(good(token) for _ in range(1000))

    assert idp.key_fetches == 2


def test_sixteen_threads_at_once_cost_two_fetches(idp: Idp) -> None:
    token, start = idp.token(), Barrier(16)

    def ask(_: int) -> bool:
        start.wait(10)
        return good(token)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(16)))

    assert idp.key_fetches == 2


def test_after_a_rotation_the_new_key_is_taken_and_the_old_one_is_not(
    idp: Idp,
) -> None:
    old = idp.token()
    assert good(old)
    idp.rotate("second")

    assert good(idp.token())

    assert not good(old)
    assert idp.asked["/jwks"] == 2


def test_both_keys_are_taken_while_the_provider_shows_both(idp: Idp) -> None:
    old = idp.token()
    idp.keys = [pair("second"), pair()]

    assert good(old)
    assert good(idp.token())
    assert idp.asked["/jwks"] == 1


def test_sixteen_threads_with_a_new_key_cost_one_fetch(idp: Idp) -> None:
    good(idp.token())
    idp.rotate("second")
    token, start = idp.token(), Barrier(16)

    def ask(_: int) -> bool:
        start.wait(10)
        return good(token)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(16)))

    assert idp.asked["/jwks"] == 2


def test_unknown_keys_are_asked_for_at_most_once_in_thirty_seconds(
    idp: Idp, clock: Clock
) -> None:
    good(idp.token())
    assert not good(idp.sign(idp.claims(), kid="nobody"))
    idp.rotate("second")

    assert not good(idp.token())  # asked for too lately
    clock.now += kept.SEEK_EVERY_S - 1
    assert not good(idp.token())
    clock.now += 1
    assert good(idp.token())

    assert idp.asked["/jwks"] == 3


def test_a_known_key_under_another_algorithm_makes_nobody_ask(idp: Idp) -> None:
    good(idp.token())

    assert not good(idp.sign(idp.claims(), key=pair("ec", "ES256"), kid=pair().kid))

    assert idp.asked["/jwks"] == 1


def test_keys_are_fetched_anew_after_a_while_though_none_is_unknown(
    idp: Idp, clock: Clock
) -> None:
    leaked = idp.token()
    assert good(leaked)
    idp.keys = [pair("second")]
    clock.now += provider.KEYS_GOOD_FOR_S + 1

    assert not good(leaked)


def test_known_keys_serve_while_the_provider_is_down(idp: Idp, clock: Clock) -> None:
    token = idp.token()
    assert good(token)
    idp.stop()

    clock.now += provider.KEYS_GOOD_FOR_S + 1
    assert good(token)
    clock.now += kept.STALE_FOR_S
    with pytest.raises(IdpDown):
        good(token)


def test_without_keys_a_provider_that_is_down_is_a_503(idp: Idp) -> None:
    idp.stop()

    with pytest.raises(IdpDown) as caught:
        good(idp.token())

    assert caught.value.status == 503
    assert caught.value.headers == {"Retry-After": "5"}


def test_a_new_key_is_a_503_while_the_provider_is_down(idp: Idp, clock: Clock) -> None:
    assert good(idp.token())
    idp.rotate("second")
    idp.answers["/jwks"] = Reply({}, 500)

    for _ in range(3):
        with pytest.raises(IdpDown):
            good(idp.token())
    assert idp.asked["/jwks"] == 2

    idp.answers.clear()
    clock.now += kept.SEEK_EVERY_S
    assert good(idp.token())


def test_a_provider_that_is_down_is_not_asked_by_each_request(
    idp: Idp, clock: Clock
) -> None:
    idp.answers["/jwks"] = Reply({}, 503)
    for _ in range(20):
        with pytest.raises(IdpDown):
            good(idp.token())
    assert idp.asked["/jwks"] == 1

    idp.answers.clear()
    clock.now += kept.COOL_DOWN_S
    assert good(idp.token())


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<html>Welcome</html>"),
        Reply(b""),
        Reply(b"[]"),
        Reply(b"\xff\xfe"),
        Reply({}),
        Reply({"keys": {}}),
        Reply({"keys": None}),
        Reply(b"[" * 100_000),
        Reply(b'"' + b"x" * (600 << 10) + b'"'),
        Reply({}, 404),
        Reply({}, 302, {"Location": "http://169.254.169.254/"}),
    ],
)
@pytest.mark.parametrize("path", ["/jwks", "/.well-known/openid-configuration"])
def test_a_reply_without_keys_is_a_503_and_no_fault_of_ours(
    idp: Idp, reply: Reply, path: str
) -> None:
    idp.answers[path] = reply

    with pytest.raises(IdpDown):
        good(idp.token())


@pytest.mark.parametrize(
    "spoilt",
    [
        {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"},
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"key_ops": "verify"},
        {"alg": "RSA-OAEP"},
        {"alg": 7},
        {"kty": "RSA", "n": "AQ"},
        {"kty": "RSA", "n": 7},
        {"kty": ["RSA"]},
        {"kty": "EC", "crv": "P-256K"},
        {"kid": 7},
    ],
)
def test_a_key_that_is_not_for_signatures_is_passed_over(
    idp: Idp, spoilt: dict[str, Any]
) -> None:
    bad = {**pair("second").jwk, **spoilt}
    idp.answers["/jwks"] = Reply({"keys": ["key", None, bad, pair().jwk]})

    assert good(idp.token())
    assert not good(idp.sign(idp.claims(), key=pair("second"), kid=str(bad["kid"])))


def test_a_short_rsa_key_is_passed_over() -> None:
    weak = pair("weak", bits=1024).jwk

    assert read_keys({"keys": [weak]}).keys == ()
    assert len(read_keys({"keys": [weak, pair().jwk]}).keys) == 1


def test_a_private_key_shown_by_mistake_checks_as_its_public_half(idp: Idp) -> None:
    idp.answers["/jwks"] = Reply({"keys": [{**pair().jwk, "d": "AQAB", "p": "AQ"}]})

    assert good(idp.token())


def test_without_a_name_a_token_is_refused_when_several_keys_fit(idp: Idp) -> None:
    idp.keys = [pair(), pair("second")]

    assert not good(idp.sign(idp.claims(), kid=...))


def test_a_provider_that_never_answers_is_given_up(
    sources: Sources, settings: Settings
) -> None:
    settings.OIDC_ISSUER = sources.origin
    path = "/.well-known/openid-configuration"
    sources.act(path, lambda peer, _: peer.drip(*[b"H"] * 900))
    began = monotonic()

    with pytest.raises(IdpDown):
        good("eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.e30.c2ln")

    assert monotonic() - began < 5.0


def test_another_issuer_in_the_providers_own_words_is_a_503(idp: Idp) -> None:
    told = {"issuer": "https://idp.example", "jwks_uri": f"{idp.issuer}/jwks"}
    idp.answers["/.well-known/openid-configuration"] = Reply(told)

    with pytest.raises(IdpDown):
        good(idp.token())


def test_keys_on_a_private_address_are_not_fetched(
    idp: Idp, settings: Settings
) -> None:
    settings.OUTBOUND_QUICK = replace(settings.OUTBOUND_QUICK, allow_nets=())

    with pytest.raises(IdpDown):
        good(idp.token())
    assert not idp.asked


def test_an_https_provider_has_no_plain_doors() -> None:
    trusted = provider.Provider("https://idp.example")

    with pytest.raises(IdpDown):
        trusted._door({"jwks_uri": "http://idp.example/jwks"}, "jwks_uri")
    assert trusted._door({"jwks_uri": "https://idp.example/k"}, "jwks_uri")
