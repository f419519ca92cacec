"""manage.py mint_token OWNER: a token as the auth server would sign it."""

import io

import jwt
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from tests.support.specstore import post, private_key, public_key, spec_of


def mint(*arguments: str) -> str:
    out = io.StringIO()
    call_command("mint_token", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _key(settings: Settings) -> None:
    settings.AUTH_PRIVATE_KEY = private_key()


def test_the_token_alone_is_printed() -> None:
    token = mint("me", "--max-datasets", "3")

    assert token.endswith("\n")
    assert jwt.get_unverified_header(token.strip())["alg"] == "RS256"
    assert jwt.decode(token.strip(), public_key(), algorithms=["RS256"]) == {
        "userid": "me",
        "permissions": {"max_dataset_num": 3},
        "service": "source",
    }


@pytest.mark.django_db
def test_an_upload_is_taken_with_it(client: Client) -> None:
    token = mint("me", "--max-datasets", "1").strip()

    assert post(client, spec_of(), token=token)["success"] is True
    refused = post(client, spec_of(dataset="other"), token=token)
    assert refused["errors"] == ["Max datasets for user exceeded plan limit (1)"]


def test_without_a_key_there_is_no_token(settings: Settings) -> None:
    settings.AUTH_PRIVATE_KEY = ""

    with pytest.raises(CommandError, match="AUTH_PRIVATE_KEY is not set"):
        mint("me")


@pytest.mark.parametrize("key", ["garbage", "-----BEGIN PRIVATE KEY-----\nAAAA", "\0"])
def test_a_key_that_is_none_is_told(settings: Settings, key: str) -> None:
    settings.AUTH_PRIVATE_KEY = key

    with pytest.raises(CommandError, match="AUTH_PRIVATE_KEY cannot sign"):
        mint("me")


def test_a_public_key_cannot_sign(settings: Settings) -> None:
    settings.AUTH_PRIVATE_KEY = public_key()

    with pytest.raises(CommandError, match="AUTH_PRIVATE_KEY cannot sign"):
        mint("me")
