"""Where the auth server's key comes from, and when it is asked for (3.1.1)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client
from pytest_django import Settings

from registry import tokens
from tests.support.sources import Sources
from tests.support.specstore import post, public_key, spec_of, token_of
from tests.tasks.outbound.servers import ok

NO_TOKEN = ["No token or token not authorised for owner"]
PATH = "/auth/public-key"
HTML = "Content-Type: text/html; charset=utf-8"

pytestmark = pytest.mark.django_db


@pytest.fixture
def auth(sources: Sources, settings: Settings) -> Sources:
    settings.AUTH_PUBLIC_KEY = ""
    settings.AUTH_SERVER = sources.origin.removeprefix("http://")
    sources.put(PATH, public_key().encode(), HTML)
    return sources


def the_cool_down_is_over() -> None:
    tokens.public_key._asked_at = float("-inf")


def errors(client: Client, token: str) -> list[str]:
    found: list[str] = post(client, spec_of(), token=token)["errors"]
    return found


def test_the_key_in_the_settings_is_used_and_nobody_is_asked(
    client: Client, auth: Sources, settings: Settings
) -> None:
    settings.AUTH_PUBLIC_KEY = public_key("settings")

    assert errors(client, token_of("me", key="settings")) == []
    assert errors(client, token_of("me")) == NO_TOKEN
    assert auth.hits == 0


def test_without_a_key_and_a_server_no_token_is_good(
    client: Client, settings: Settings
) -> None:
    settings.AUTH_PUBLIC_KEY = ""

    assert errors(client, token_of("me")) == NO_TOKEN


@pytest.mark.parametrize("key", ["garbage", "-----BEGIN PUBLIC KEY-----\nAAAA"])
def test_a_key_in_the_settings_that_is_none_makes_no_token_good(
    client: Client, settings: Settings, key: str
) -> None:
    settings.AUTH_PUBLIC_KEY = key

    assert errors(client, token_of("me")) == NO_TOKEN


def test_the_key_is_fetched_once_for_many_requests(
    client: Client, auth: Sources
) -> None:
    assert auth.hits == 0

    for _ in range(5):
        assert errors(client, token_of("me")) == []

    assert [request.method for request in auth.seen[PATH]] == ["GET"]


def test_requests_at_the_same_time_fetch_the_key_once(auth: Sources) -> None:
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(tokens.read_token, [token_of("me")] * 16))

    assert {token.userid for token in read} == {"me"}
    assert auth.hits == 1


def test_after_a_bad_signature_the_key_is_fetched_anew(
    client: Client, auth: Sources
) -> None:
    assert errors(client, token_of("me")) == []
    auth.put(PATH, public_key("rotated").encode(), HTML)
    the_cool_down_is_over()

    assert errors(client, token_of("me", key="rotated")) == []
    assert errors(client, token_of("me")) == NO_TOKEN
    assert auth.hits == 2


def test_forged_tokens_do_not_make_us_ask_again_and_again(
    client: Client, auth: Sources
) -> None:
    assert errors(client, token_of("me")) == []
    the_cool_down_is_over()

    for _ in range(5):
        assert errors(client, token_of("me", key="forger")) == NO_TOKEN

    assert errors(client, token_of("me")) == []
    assert auth.hits == 2


def test_a_key_is_kept_when_the_server_is_gone_as_a_forger_comes(
    client: Client, auth: Sources
) -> None:
    assert errors(client, token_of("me")) == []
    auth.fails(PATH, "503 Service Unavailable")
    the_cool_down_is_over()

    assert errors(client, token_of("me", key="forger")) == NO_TOKEN
    assert errors(client, token_of("me")) == []


@pytest.mark.parametrize(
    "reply",
    [
        ok(b"", status="500 Internal Server Error"),
        ok(b"", status="404 Not Found"),
        ok(b"<html>Welcome</html>", HTML),
        ok(b""),
        ok(b"x" * 100_000),
        ok(b"\xff\xfe"),
        ok(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
        ok(b"short", length=500),
        b"SSH-2.0-OpenSSH\r\n",
        ok(b"", "Location: /auth/public-key", status="302 Found"),
        ok(b"", "Location: http://169.254.169.254/", status="302 Found"),
        ok(b"not gzip", "Content-Encoding: gzip"),
    ],
)
def test_a_server_that_gives_no_key_makes_no_token_good(
    client: Client, auth: Sources, reply: bytes
) -> None:
    auth.act(PATH, reply)

    assert errors(client, token_of("me")) == NO_TOKEN


def test_a_server_that_is_down_is_asked_again_later(
    client: Client, auth: Sources
) -> None:
    auth.fails(PATH, "503 Service Unavailable")
    for _ in range(3):
        assert errors(client, token_of("me")) == NO_TOKEN
    assert auth.hits == 1

    auth.put(PATH, public_key().encode())
    the_cool_down_is_over()

    assert errors(client, token_of("me")) == []


def test_nobody_answers_where_the_server_should_be(
    client: Client, settings: Settings
) -> None:
    with Sources() as gone:
        address = gone.origin.removeprefix("http://")
    settings.AUTH_PUBLIC_KEY, settings.AUTH_SERVER = "", address

    assert errors(client, token_of("me")) == NO_TOKEN


@pytest.mark.parametrize("address", ["a b", "user@127.0.0.1", "127.0.0.1:99999", "["])
def test_an_address_that_is_none_makes_no_token_good(
    client: Client, settings: Settings, address: str
) -> None:
    settings.AUTH_PUBLIC_KEY, settings.AUTH_SERVER = "", address

    assert errors(client, token_of("me")) == NO_TOKEN


def test_a_server_that_never_ends_its_reply_is_given_up(
    client: Client, auth: Sources
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"
    auth.act(PATH, lambda peer, _: peer.drip(head, *[b"-"] * 900))

    assert errors(client, token_of("me")) == NO_TOKEN
