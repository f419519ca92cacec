"""Which tokens an upload is taken with (contract 3.1.1)."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from django.test import Client
from pytest_django import Settings

from tasks.models import Identity
from tests.support.specstore import (
    claims_of,
    post,
    private_key,
    public_key,
    row_counts,
    spec_of,
    token_of,
    uploaded,
)

NO_TOKEN = "No token or token not authorised for owner"

pytestmark = pytest.mark.django_db


def b64(text: bytes | str) -> str:
    raw = text.encode() if isinstance(text, str) else text
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed_with_hmac(secret: str) -> str:
    """Sign as an attacker would who takes the public key for the secret."""
    head = b64('{"alg":"HS256","typ":"JWT"}') + "." + b64(json.dumps(claims_of("me")))
    mac = hmac.new(secret.encode(), head.encode(), hashlib.sha256)
    return f"{head}.{b64(mac.digest())}"


def test_a_token_without_expiry_is_good(client: Client) -> None:
    assert post(client, spec_of(), token=token_of("me"))["success"] is True


def test_a_token_that_expires_later_is_good_until_then(client: Client) -> None:
    token = token_of("me", exp=int(time.time()) + 60, nbf=int(time.time()) - 60)

    assert post(client, spec_of(), token=token)["success"] is True


def test_an_audience_is_not_looked_at(client: Client) -> None:
    token = token_of("me", aud=["elsewhere"])

    assert post(client, spec_of(), token=token)["success"] is True


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("none", lambda: ""),
        ("a word", lambda: "token"),
        ("dots", lambda: ".."),
        ("not base64", lambda: "ä.ö.ü"),
        ("spaces", lambda: "   "),
        ("no algorithm", lambda: jwt.encode(claims_of("me"), "", algorithm="none")),
        ("hmac of the public key", lambda: signed_with_hmac(public_key())),
        (
            "RS512",
            lambda: jwt.encode(claims_of("me"), private_key(), algorithm="RS512"),
        ),
        (
            "PS256",
            lambda: jwt.encode(claims_of("me"), private_key(), algorithm="PS256"),
        ),
        ("a key of another", lambda: token_of("me", key="forger")),
        ("a signature cut off", lambda: token_of("me")[:-20]),
        ("no signature", lambda: token_of("me").rpartition(".")[0] + "."),
        ("expired", lambda: token_of("me", exp=1_600_000_000)),
        ("not yet good", lambda: token_of("me", nbf=int(time.time()) + 600)),
        ("an odd expiry", lambda: token_of("me", exp="tomorrow")),
        ("endless", lambda: token_of("me", exp=float("inf"))),
        ("no number", lambda: token_of("me", exp=float("nan"))),
        ("never good", lambda: token_of("me", nbf=float("inf"))),
        ("issued for ever", lambda: token_of("me", iat=float("inf"))),
        ("another user", lambda: token_of("you")),
        ("the user in capitals", lambda: token_of("ME")),
        ("no user", lambda: token_of("")),
        ("null as user", lambda: token_of("me", userid=None)),
        ("a list of users", lambda: token_of("me", userid=["me"])),
        ("another service", lambda: token_of("me", service="rawstore")),
        ("an odd service", lambda: token_of("me", service=["source"])),
        ("empty service", lambda: token_of("me", service="")),
        ("a list, signed", lambda: jws(b'["me"]')),
        ("no JSON, signed", lambda: jws(b"me")),
        ("nested too deeply, signed", lambda: jws(b"[" * 3000)),
        ("nested header", lambda: b64("[" * 5000) + ".e30.e30"),
        ("nested object header", lambda: b64('{"a":' * 2000) + ".e30.e30"),
        ("a number of 5,000 digits", lambda: b64('{"alg":' + "9" * 5000) + ".e30.e30"),
        ("a list as algorithm", lambda: b64('{"alg":["RS256"]}') + ".e30.e30"),
        ("critical", lambda: b64('{"alg":"RS256","crit":["x"]}') + ".e30.e30"),
        ("detached", lambda: b64('{"alg":"RS256","b64":false}') + "..e30"),
        ("its own key", lambda: b64('{"alg":"RS256","jwk":{"k":1}}') + ".e30.e30"),
        ("huge", lambda: token_of("me", padding="x" * 20_000)),
        ("huge and empty", lambda: "." * 100_000),
    ],
)
def test_any_other_token_is_refused_in_the_contracts_words(
    client: Client, name: str, token: Any
) -> None:
    reply = post(client, spec_of(), token=token())

    assert reply == {
        "dataset_id": None,
        "errors": [NO_TOKEN],
        "flow_id": None,
        "success": False,
    }
    assert set(row_counts().values()) == {0}


def jws(payload: bytes) -> str:
    return jwt.api_jws.encode(payload, private_key(), algorithm="RS256")


def test_a_token_for_another_service_is_good_where_that_is_relaxed(
    client: Client, settings: Settings
) -> None:
    settings.AUTH_CHECK_SERVICE = False
    token = token_of("me", service="rawstore")

    assert post(client, spec_of(), token=token)["success"] is True


def test_a_token_that_names_no_service_is_good(client: Client) -> None:
    claims = claims_of("me")
    del claims["service"]
    token = jwt.encode(claims, private_key(), algorithm="RS256")

    assert post(client, spec_of(), token=token)["success"] is True


@pytest.mark.parametrize(
    "permissions",
    [
        None,
        {},
        [],
        "all",
        7,
        {"max_dataset_num": None},
        {"max_dataset_num": "7"},
        {"max_dataset_num": True},
        {"max_dataset_num": 7.5},
        {"max_dataset_num": [7]},
        {"max_dataset_num": 0},
    ],
)
def test_permissions_that_say_no_number_leave_room_for_no_dataset(
    client: Client, permissions: object
) -> None:
    reply = post(client, spec_of(), token=token_of("me", permissions=permissions))

    assert reply["errors"] == ["Max datasets for user exceeded plan limit (0)"]
    assert set(row_counts().values()) == {0}


def test_permissions_that_are_missing_leave_room_for_no_dataset(client: Client) -> None:
    claims = claims_of("me")
    del claims["permissions"]
    token = jwt.encode(claims, private_key(), algorithm="RS256")

    reply = post(client, spec_of(), token=token)

    assert reply["errors"] == ["Max datasets for user exceeded plan limit (0)"]


@pytest.mark.parametrize("most", [-1, -2, -(2**70)])
def test_a_negative_limit_leaves_room_for_no_dataset(client: Client, most: int) -> None:
    token = token_of("me", permissions={"max_dataset_num": most})

    reply = post(client, spec_of(), token=token)

    assert reply["errors"] == [f"Max datasets for user exceeded plan limit ({most})"]


@pytest.mark.parametrize("most", [2**31, 2**63, 2**64, 10**40])
def test_a_limit_may_be_as_large_as_it_likes(client: Client, most: int) -> None:
    token = token_of("me", permissions={"max_dataset_num": most})

    assert post(client, spec_of(), token=token)["success"] is True


def test_the_limit_counts_new_datasets_only(client: Client) -> None:
    for dataset in ("a", "b"):
        uploaded(client, spec_of(dataset=dataset))

    refused = post(client, spec_of(dataset="c"))
    again = post(client, spec_of(dataset="a"), token=token_of("me", permissions={}))
    of_another = post(client, spec_of(owner="you", dataset="c"), owner="you")

    assert refused["errors"] == ["Max datasets for user exceeded plan limit (2)"]
    assert refused["dataset_id"] == "me/c"
    assert again["flow_id"] == "me/a/2"
    assert of_another["flow_id"] == "you/c/1"


def test_the_header_counts_above_the_query_string(client: Client) -> None:
    good, bad = token_of("me"), token_of("you")

    def sent(query: str, header: str) -> Any:
        return client.post(
            f"/source/upload{query}",
            data=spec_of(),
            content_type="application/json",
            headers={"Auth-Token": header} if header else {},
        ).json()["success"]

    assert sent(f"?jwt={good}", "") is True
    assert sent(f"?jwt={bad}", good) is True
    assert sent(f"?jwt={good}", bad) is False
    assert sent(f"?jwt={bad}", "") is False
    assert sent(f"?jwt={good}&jwt={bad}", "") in {True, False}
    assert sent("?jwt=%ff%00%ed%a0%80", "") is False


@pytest.mark.parametrize(
    "charset", ["utf-16", "utf-16-le", "utf-7", "cp037", "klingon", ""]
)
def test_a_charset_beside_the_content_type_breaks_nothing(
    client: Client, charset: str
) -> None:
    """JSON is UTF-8 whatever the header says, and so is a query string."""
    for query, header in (("?jwt=%20x", ""), (f"?jwt={token_of('me')}", "")):
        reply = client.generic(
            "POST",
            f"/source/upload{query}",
            data=json.dumps(spec_of()),
            content_type=f"application/json; charset={charset}",
            headers={"Auth-Token": header} if header else {},
        )

        assert reply.status_code == 200
        assert reply.json()["success"] is ("%20" not in query)


def test_json_by_another_name_needs_a_token_as_well(client: Client) -> None:
    reply = client.generic(
        "POST",
        "/source/upload",
        data=json.dumps(spec_of()),
        content_type="application/vnd.me+json",
    )

    assert reply.status_code == 200
    assert reply.json()["errors"] == [NO_TOKEN]


def test_a_client_that_was_revoked_uploads_no_more(client: Client) -> None:
    uploaded(client, spec_of())
    owner = Identity.objects.get(subject="me").client
    owner.revoked_at = owner.created_at
    owner.save()
    before = row_counts()

    reply = post(client, spec_of())

    assert reply["errors"] == [NO_TOKEN]
    assert row_counts() == before
