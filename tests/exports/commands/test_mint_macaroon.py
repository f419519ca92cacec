"""mint_macaroon: the token alone on stdout, and none that nobody could use."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from exports import capabilities
from exports.dialects.databox.auth import Caller, authenticate
from exports.macaroons import parse
from exports.models import MacaroonIdentifier
from tasks import services
from tasks.models import Client
from tasks.sealed import seal
from tests.exports.macaroons.made import HERE, SECRET, THERE, VECTOR

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _secret(settings: Settings) -> None:
    settings.MACAROON_SECRET = SECRET.decode()
    settings.DATABOX_LOCAL_NAME = "export-service"
    settings.PUBLIC_URL = ""
    settings.DEBUG = False


def mint(*words: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("mint_macaroon", *words, stdout=out, stderr=err)
    return out.getvalue().removesuffix("\n"), err.getvalue()


def let_in(token: str, *, method: str = "POST", path: str = "/export") -> Caller:
    return authenticate({"X-Api-Key": token}, method=method, path=path)


def refused(*words: str) -> str:
    with pytest.raises(CommandError) as error:
        mint(*words)
    assert not MacaroonIdentifier.objects.filter(revoked_at=None).exists()
    return str(error.value)


def test_the_contracts_macaroon_is_minted() -> None:
    words = ["--path", "/export", "--destination", THERE, "--location", HERE]

    token, said = mint("arbiter", *words)

    assert token == VECTOR
    assert said == "For arbiter of macaroon:arbiter, until it is revoked.\n"


@pytest.mark.parametrize(
    ("path", "method"),
    [("/export", "POST"), ("/lp/export", "POST"), ("/ws/export", "GET")],
)
def test_each_door_has_its_method(path: str, method: str) -> None:
    token, _ = mint("arbiter", "--path", path, "--destination", THERE)

    assert let_in(token, path=path, method=method).may_reach(THERE)


def test_a_method_may_be_said() -> None:
    words = ["--path", "/export", "--method", "get", "--destination", THERE]

    assert b"method = GET" in parse(mint("arbiter", *words)[0]).caveats


def test_several_destinations_are_one_caveat() -> None:
    urls = ["http://a.example/?x=1,2", 'http://b.example/"']
    words = [word for url in urls for word in ("--destination", url)]

    token, _ = mint("arbiter", "--path", "/export", *words)

    assert all(let_in(token).may_reach(url) for url in urls)
    assert not let_in(token).may_reach("http://c.example/")


def test_a_clients_own_list_binds_where_no_destination_is_named() -> None:
    alice = services.create_client(name="alice", destinations=["http://a.example/"])

    token, said = mint("app", "--path", "/export", "--client", "alice")

    caller = let_in(token)
    assert caller.client == alice
    assert caller.may_reach("http://a.example/")
    assert not caller.may_reach(THERE)
    assert said == "For app of alice, until it is revoked.\n"


def test_it_stays_bound_by_the_list_when_another_token_names_a_destination() -> None:
    services.create_client(name="alice", destinations=["http://a.example/"])
    words = ["--path", "/export", "--client", "alice"]
    mint("app", *words)
    mint("app", *words, "--destination", "http://a.example/")

    assert MacaroonIdentifier.objects.get().listed_only


def test_the_identifiers_own_secret_signs(settings: Settings) -> None:
    settings.MACAROON_SECRET = ""
    capabilities.keep_identifier("arbiter")
    MacaroonIdentifier.objects.update(sealed_secret=seal(SECRET.decode()))
    words = ["--path", "/export", "--destination", THERE, "--location", HERE]

    assert mint("arbiter", *words)[0] == VECTOR


@pytest.mark.parametrize(
    ("public_url", "location"),
    [("https://here.example", "https://here.example"), ("", "export-service")],
)
def test_the_location_is_our_own_address(
    settings: Settings, public_url: str, location: str
) -> None:
    settings.PUBLIC_URL = public_url

    token, _ = mint("arbiter", "--path", "/export", "--destination", THERE)

    assert parse(token).location == location


def test_in_development_a_token_may_be_bound_by_nothing(settings: Settings) -> None:
    settings.DEBUG = True

    token, _ = mint("arbiter", "--path", "/export")

    assert let_in(token).may_reach("http://anywhere.example/")
    settings.DEBUG = False
    assert not let_in(token).may_reach("http://anywhere.example/")


def test_in_production_a_token_that_reaches_nobody_is_not_minted() -> None:
    services.create_client(name="alice")

    assert "would reach nobody" in refused("app", "--path", "/export")
    assert refused("app", "--path", "/export", "--client", "alice") == (
        "Without --destination, and with no destinations of alice in the admin, the "
        "token would reach nobody."
    )


def test_a_destination_that_the_clients_list_forbids() -> None:
    services.create_client(name="alice", destinations=["http://a.example/"])
    words = ["--path", "/export", "--client", "alice", "--destination", THERE]

    told = refused("app", *words)

    assert told == f"Not among the destinations of alice: {THERE}."


@pytest.mark.parametrize("url", ["ftp://a.example/", "nonsense", "http://a b/", "["])
def test_a_destination_that_is_no_address(url: str) -> None:
    told = refused("app", "--path", "/export", "--destination", url)

    assert told.startswith(f"--destination {url}: ")


def test_a_client_that_is_not_there() -> None:
    told = refused("app", "--path", "/export", "--client", "bob")

    assert told == "There is no client 'bob': see create_client."


def test_an_identifier_of_another_client() -> None:
    bob = services.create_client(name="bob", destinations=["http://a.example/"])
    services.create_client(name="alice", destinations=["http://a.example/"])
    capabilities.claim_identity("app", bob)

    told = refused("app", "--path", "/export", "--client", "alice")

    assert told == "'app' belongs to bob."


def test_a_revoked_identifier() -> None:
    capabilities.keep_identifier("app")
    capabilities.revoke(MacaroonIdentifier.objects.all())

    told = refused("app", "--path", "/export", "--destination", THERE)

    assert told == "'app' or its client is revoked."


@pytest.mark.parametrize("identifier", ["", "i" * 501, "a\0b"], ids=len)
def test_an_identifier_that_cannot_be(identifier: str) -> None:
    told = refused(identifier, "--path", "/export", "--destination", THERE)

    assert told == "An identifier has 1 to 500 characters."


def test_no_secret(settings: Settings) -> None:
    settings.MACAROON_SECRET = ""

    told = refused("app", "--path", "/export", "--destination", THERE)

    assert told == "MACAROON_SECRET is not set."
    assert not Client.objects.exists()


def test_more_than_a_macaroon_can_hold() -> None:
    urls: list[Any] = [f"http://a.example/{'x' * 1000}{n}" for n in range(8)]
    words = [word for url in urls for word in ("--destination", url)]

    assert "too long" in refused("app", "--path", "/export", *words)


@pytest.mark.parametrize(
    "words", [["app"], ["app", "--path", "/exports"], ["--path", "/export"]]
)
def test_what_is_missing_or_no_door(words: list[str]) -> None:
    assert "Error: " in refused(*words)
