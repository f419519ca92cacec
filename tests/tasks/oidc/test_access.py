"""What a good access token grants."""

import logging
from typing import Any

import pytest
from pytest_django import Settings

from tasks.oidc import access
from tasks.oidc.errors import BadToken, NotAuthenticated
from tests.support.idp import Idp, Reply
from tests.support.idp_keys import Pair, pair


def scopes_of(token: str) -> set[str]:
    return set(access.grant_of(f"Bearer {token}").scopes)


def test_a_good_token_grants_its_scopes_to_its_subject(idp: Idp) -> None:
    grant = access.grant_of(f"Bearer {idp.token()}")

    assert grant.identity == f"{idp.issuer} service-1"
    assert grant.scopes == {"read", "write"}


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
def test_the_schemes_name_may_be_written_as_one_likes(idp: Idp, scheme: str) -> None:
    assert access.grant_of(f"{scheme} {idp.token()}").scopes


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": "read"}, {"read"}),
        ({"scope": " read  write "}, {"read", "write"}),
        ({"scope": ""}, set()),
        ({"scope": "openid READ readwrite"}, {"openid", "READ", "readwrite"}),
        ({"scope": ["read"]}, {"read"}),
        ({"scope": ..., "scp": ["read", "write"]}, {"read", "write"}),
        ({"scope": ..., "scp": "read"}, {"read"}),
        ({"scope": "read", "scp": ["write"]}, {"read"}),
    ],
)
def test_scopes_are_read_as_each_provider_writes_them(
    idp: Idp, claims: dict[str, Any], scopes: set[str]
) -> None:
    assert scopes_of(idp.token(**claims)) == scopes


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384", "EdDSA"])
def test_each_asymmetric_algorithm_is_taken(idp: Idp, algorithm: str) -> None:
    idp.keys = [pair("one", algorithm)]

    assert scopes_of(idp.token()) == {"read", "write"}


@pytest.mark.parametrize("algorithm", ["RS512", "PS256"])
def test_an_rsa_key_that_names_no_algorithm_serves_all_of_its_kind(
    idp: Idp, algorithm: str
) -> None:
    jwk = {k: v for k, v in pair().jwk.items() if k != "alg"}
    idp.answers["/jwks"] = Reply({"keys": [jwk]})
    key = Pair(algorithm, pair().private)

    token = idp.sign(idp.claims(), key=key, kid=pair().kid)

    assert scopes_of(token) == {"read", "write"}


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({"typ": "at+jwt"}, {}),
        ({"typ": "application/AT+JWT"}, {}),
        ({"typ": "JWT"}, {}),
        ({"typ": ...}, {}),
        ({"typ": "JWT"}, {"typ": "Bearer", "nonce": "n"}),  # Keycloak before 24
        ({"typ": "at+jwt"}, {"nonce": "n"}),
        ({"kid": ...}, {}),
        ({}, {"aud": ["account", "entrepot"]}),
        ({}, {"exp": 4_000_000_000.5}),
        ({}, {"nbf": 1, "iat": ...}),
        ({}, {"azp": "backend"}),
    ],
)
def test_what_providers_send_in_good_faith_is_taken(
    idp: Idp, header: dict[str, Any], claims: dict[str, Any]
) -> None:
    assert scopes_of(idp.sign(idp.claims(**claims), **header)) == {"read", "write"}


def test_a_client_without_a_subject_is_known_by_its_client_id(idp: Idp) -> None:
    token = idp.token(sub=..., client_id="backend")

    grant = access.grant_of(f"Bearer {token}")

    assert grant.identity == f"{idp.issuer}#client_id backend"


def test_a_subject_that_looks_like_a_client_is_another_one(idp: Idp) -> None:
    subject = access.grant_of(f"Bearer {idp.token(sub='#client_id backend')}")

    assert subject.identity == f"{idp.issuer} #client_id backend"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic YTpi", "token abc", "Token", "Bearer\tabc", "é"]
)
def test_without_a_token_one_is_asked_for(header: str) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        access.grant_of(header)

    assert caught.value.status == 401
    assert caught.value.headers["WWW-Authenticate"].startswith('Bearer realm="tasks"')


def test_without_an_issuer_no_token_is_good(idp: Idp, settings: Settings) -> None:
    settings.OIDC_ISSUER = ""

    with pytest.raises(BadToken, match="trusts no issuer"):
        access.grant_of(f"Bearer {idp.token()}")


def test_an_api_key_is_no_access_token(idp: Idp) -> None:
    with pytest.raises(NotAuthenticated):
        access.grant_of("token ep_0123456789")


def test_no_log_line_holds_a_token(idp: Idp, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    good, bad = idp.token(), idp.sign(idp.claims(), key=pair("forger"))
    opaque = "opaque-token-that-nobody-made"

    access.grant_of(f"Bearer {good}")
    for text in (bad, opaque, idp.token(exp=1)):
        with pytest.raises(BadToken) as caught:
            access.grant_of(f"Bearer {text}")
        assert text not in str(caught.value)

    for text in (good, bad, opaque):
        assert text not in caplog.text
        assert text.rpartition(".")[2] not in caplog.text
