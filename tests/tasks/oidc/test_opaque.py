"""Opaque tokens: the provider is asked, seldom, and believed for a short time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from time import time
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

from tasks.oidc import access, asking, opaque
from tasks.oidc.errors import BadToken, IdpDown
from tests.support.idp import AUDIENCE, Idp, Reply

TOKEN = "opaque-token_1.of~some+kind/=="


def good(token: str = TOKEN) -> bool:
    try:
        return bool(access.grant_of(f"Bearer {token}").scopes)
    except BadToken:
        return False


@pytest.fixture
def known(idp: Idp) -> Idp:
    idp.active[TOKEN] = {"active": True, "token_type": "Bearer", **idp.claims()}
    return idp


def test_what_the_provider_says_is_what_it_grants(known: Idp) -> None:
    grant = access.grant_of(f"Bearer {TOKEN}")

    assert grant.identity == f"{known.issuer} service-1"
    assert grant.scopes == {"read", "write"}


def test_a_token_the_provider_does_not_know_is_refused(known: Idp) -> None:
    assert not good("another")


def test_a_hundred_requests_ask_once(known: Idp) -> None:
    assert all(good() for _ in range(100))

    assert known.asked["/introspect"] == 1


def test_sixteen_threads_at_once_ask_once(known: Idp) -> None:
    start = Barrier(16)

    def ask(_: int) -> bool:
        start.wait(10)
        return good()

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(16)))

    assert known.asked["/introspect"] == 1


def test_a_revoked_token_is_refused_within_a_minute(known: Idp) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        assert good()
        del known.active[TOKEN]
        clock.shift(59)
        assert good()
        clock.shift(2)
        assert not good()


def test_a_verdict_does_not_outlive_its_token(known: Idp) -> None:
    known.active[TOKEN]["exp"] = int(time()) + 20

    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        assert good()
        del known.active[TOKEN]
        clock.shift(21)
        assert not good()


def test_a_bad_verdict_is_kept_for_ten_seconds(idp: Idp) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        assert not good()
        assert not good()
        assert idp.asked["/introspect"] == 1
        idp.active[TOKEN] = {"active": True, **idp.claims()}
        clock.shift(timedelta(seconds=11))
        assert good()


def test_verdicts_are_kept_of_a_bounded_number_of_tokens(
    known: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opaque, "MOST_KEPT", 3)

    assert good()
    for number in range(5):
        assert not good(f"other-{number}")

    assert len(access.verdicts._kept) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"active": False},
        {"active": "true"},
        {"active": 1},
        {"aud": "other"},
        {"aud": ...},
        {"iss": "https://idp.example"},
        {"exp": 1},
        {"exp": "4000000000"},
        {"nbf": 4_000_000_000},
        {"sub": ...},
        {"sub": "a\x00"},
        {"scope": ...},
        {"token_type": "refresh_token"},
        {"token_type": None},
        {"typ": "Refresh"},
        {"cnf": {"jkt": "x"}},
    ],
)
def test_a_reply_that_does_not_grant_what_is_needed_is_refused(
    known: Idp, changes: dict[str, Any]
) -> None:
    told = {**known.active[TOKEN], **changes}
    known.active[TOKEN] = {k: v for k, v in told.items() if v is not ...}

    assert not good()


@pytest.mark.parametrize(
    "changes",
    [{"iss": ...}, {"exp": ...}, {"aud": ["a", AUDIENCE]}, {"token_type": ...}],
)
def test_a_reply_may_leave_out_what_it_need_not_say(
    known: Idp, changes: dict[str, Any]
) -> None:
    told = {**known.active[TOKEN], **changes}
    known.active[TOKEN] = {k: v for k, v in told.items() if v is not ...}

    assert good()


@pytest.mark.parametrize(
    "reply",
    [
        Reply({}, 500),
        Reply({}, 401),
        Reply(b"<html>"),
        Reply(b"[]"),
        Reply({}, 302, {"Location": "/token"}),
    ],
)
def test_a_provider_that_does_not_say_is_a_503(known: Idp, reply: Reply) -> None:
    known.answers["/introspect"] = reply

    for _ in range(5):
        with pytest.raises(IdpDown) as caught:
            good()

    assert caught.value.headers == {"Retry-After": "5"}
    assert known.asked["/introspect"] == 1


@pytest.mark.parametrize("url", ["http://[127.0.0.1]:80/", "http://[::1", "a b"])
def test_a_door_that_is_no_url_is_a_503(url: str) -> None:
    with pytest.raises(IdpDown):
        asking.ask("POST", url)


def test_a_provider_that_is_gone_is_a_503_and_kept_verdicts_still_serve(
    known: Idp,
) -> None:
    assert good()
    known.stop()

    assert good()
    with pytest.raises(IdpDown):
        good("another")


@pytest.mark.parametrize("unset", ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"])
def test_without_a_secret_of_ours_nobody_is_asked(
    known: Idp, settings: Settings, unset: str
) -> None:
    setattr(settings, unset, "")

    assert not good()
    assert known.asked["/introspect"] == 0


def test_odd_secrets_arrive_as_they_are(known: Idp, settings: Settings) -> None:
    settings.OIDC_CLIENT_SECRET = "p:ss w%rd+é"
    known.clients["entrepot-web"].secret = "p:ss w%rd+é"

    assert good()


def test_a_signed_token_is_never_sent_to_the_provider(idp: Idp) -> None:
    for token in (
        idp.token(),
        idp.token()[:-9],
        idp.token(exp=1),
        "eyJhbGciOiJub25lIn0",
    ):
        good(token)

    assert idp.asked["/introspect"] == 0


@pytest.mark.parametrize("text", ["a b", "a\x00b", "é", '"a"', "a,b", "=a", "a=b"])
def test_what_is_not_written_as_a_token_is_not_sent_to_the_provider(
    idp: Idp, text: str
) -> None:
    assert not good(text)

    assert idp.asked["/introspect"] == 0
