"""Who is let in to hand data over, and the text for each who is not."""

from base64 import b64encode
from collections.abc import Mapping

import pymacaroons
import pytest
from django.test import RequestFactory
from pytest_django import Settings

from exports import capabilities
from exports.dialects.databox.auth import Caller, NotAllowed, authenticate
from exports.models import MacaroonIdentifier
from tasks import services
from tasks.models import Client, Identity
from tasks.sealed import seal
from tests.exports.macaroons.made import HERE, NEEDED, SECRET, THERE, VECTOR, minted

NOW = "2026-11-21T12:00:00Z"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _secret(settings: Settings) -> None:
    settings.MACAROON_SECRET = SECRET.decode()
    settings.DATABOX_LOCAL_NAME = "export-service"
    settings.DEBUG = False


def basic(user: str, password: str = "") -> dict[str, str]:
    pair = b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def let_in(
    token: str = VECTOR, *, method: str = "POST", path: str = "/export"
) -> Caller:
    return authenticate({"X-Api-Key": token}, method=method, path=path)


def reads(headers: Mapping[str, str]) -> str:
    """Give the identifier of who is let in."""
    caller = authenticate(headers, method="POST", path="/export")
    assert caller.grant is not None
    return caller.grant.identifier


def refusal(
    headers: Mapping[str, str], *, method: str = "POST", path: str = "/export"
) -> tuple[int, str]:
    with pytest.raises(NotAllowed) as not_allowed:
        authenticate(headers, method=method, path=path)
    return not_allowed.value.status, not_allowed.value.text


def a_key(*destinations: str, scope: str = "deliver") -> tuple[Client, str]:
    client = services.create_client(name="alice", destinations=list(destinations))
    return client, services.create_key(client=client, scopes=[scope])[1]


def known(identifier: str = "arbiter") -> MacaroonIdentifier:
    return MacaroonIdentifier.objects.named(identifier).get()


# Where the token is


@pytest.mark.parametrize("name", ["X-Api-Key", "x-api-key", "X-API-KEY"])
def test_a_token_in_the_header_of_its_own(name: str) -> None:
    assert reads({name: VECTOR}) == "arbiter"


@pytest.mark.parametrize("password", ["", "x", "a:b", "ä"])
def test_a_token_as_the_user_name_of_basic(password: str) -> None:
    assert reads(basic(VECTOR, password)) == "arbiter"


def test_the_header_goes_before_basic() -> None:
    headers = {"X-Api-Key": "no good", **basic(VECTOR)}

    assert refusal(headers)[0] == 401
    assert reads({"X-Api-Key": "", **basic(VECTOR)}) == "arbiter"


def test_headers_may_be_djangos() -> None:
    request = RequestFactory().post("/export", headers={"X-Api-Key": VECTOR})

    assert reads(request.headers) == "arbiter"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Api-Key": ""},
        {"X-Api-Key": "  "},
        {"Authorization": ""},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic \u00e4"},
        {"Authorization": "Basic " + b64encode(b"no colon").decode()},
        {"Authorization": f"Bearer {VECTOR}"},
        {"Authorization": VECTOR},
        basic("", "password"),
    ],
)
def test_no_token(headers: dict[str, str]) -> None:
    text = "macaroon verification fails: Missing API key/token"

    assert refusal(headers) == (401, text)


# What it is


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "\u00e4",
        VECTOR[:-1],
        VECTOR + "====",
        "A" * 9000,
        "ep_" + "a" * 43 + "_00000000",
    ],
    ids=len,
)
def test_a_token_that_cannot_be_read(token: str) -> None:
    text = "macaroon verification fails: Invalid API key/token"

    assert refusal({"X-Api-Key": token}) == (401, text)
    assert refusal(basic(token)) == (401, text)


def test_no_secret(settings: Settings) -> None:
    settings.MACAROON_SECRET = ""

    text = "macaroon verification fails: Can't get macaroon secret"
    assert refusal({"X-Api-Key": VECTOR}) == (401, text)


def test_a_secret_that_cannot_be_read_any_more(settings: Settings) -> None:
    let_in()
    MacaroonIdentifier.objects.update(sealed_secret=seal("another"))
    settings.SECRET_KEY = "changed since then"

    text = "macaroon verification fails: Can't get macaroon secret"
    assert refusal({"X-Api-Key": VECTOR}) == (401, text)


@pytest.mark.parametrize(
    "token",
    [
        minted(secret=b"another secret"),
        minted("time < 2999"),
        minted(needed=NEEDED[1:]),
        minted(needed=[]),
        minted("path = /lp/export"),
    ],
    ids=len,
)
def test_a_token_that_is_forged_or_for_something_else(token: str) -> None:
    assert refusal({"X-Api-Key": token}) == (401, "Invalid API key/token")
    assert not Client.objects.exists()


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/export"), ("POST", "/lp/export"), ("GET", "/ws/export")],
)
def test_a_token_used_at_another_door(method: str, path: str) -> None:
    refused = refusal({"X-Api-Key": VECTOR}, method=method, path=path)

    assert refused == (401, "Invalid API key/token")


def test_a_token_for_a_service_of_another_name(settings: Settings) -> None:
    settings.DATABOX_LOCAL_NAME = "other-service"

    assert refusal({"X-Api-Key": VECTOR}) == (401, "Invalid API key/token")


def test_a_macaroon_without_an_identifier_has_no_client() -> None:
    made = pymacaroons.Macaroon(location=HERE, identifier="", key=SECRET)
    for caveat in NEEDED:
        made.add_first_party_caveat(caveat)

    refused = refusal({"X-Api-Key": made.serialize()})

    assert refused == (404, "no client id in macaroons")


@pytest.mark.parametrize("identifier", ["i" * 500, "Käthe \U0001f36a", "' or 1=1 --"])
def test_any_identifier_that_can_be_read_is_kept(identifier: str) -> None:
    let_in(minted(identifier=identifier))

    assert known(identifier).client.identities.get().subject == identifier


@pytest.mark.parametrize("identifier", ["i" * 501, "a\0b", "\0"], ids=len)
def test_an_identifier_that_no_database_takes_is_not_looked_up(identifier: str) -> None:
    made = pymacaroons.Macaroon(location=HERE, identifier=identifier, key=SECRET)

    text = "macaroon verification fails: Invalid API key/token"
    assert refusal({"X-Api-Key": made.serialize()}) == (401, text)


# Whose it is


def test_the_first_visit_makes_a_client_and_the_next_finds_it() -> None:
    first, second = let_in().client, let_in().client

    assert first == second == Client.objects.get()
    assert Identity.objects.get().subject == "arbiter"
    assert str(known()) == "arbiter"


def test_each_identifier_has_a_client_of_its_own() -> None:
    other = minted(identifier="other")

    assert let_in().client != let_in(other).client


def test_an_identifier_that_is_bound_to_a_client() -> None:
    alice = services.create_client(name="alice")
    capabilities.keep_identifier("arbiter", client=alice)

    assert let_in().client == alice


def test_an_identity_from_elsewhere_is_found() -> None:
    alice = services.create_client(name="alice")
    Identity.objects.create(client=alice, scheme="macaroon", subject="arbiter")

    assert let_in().client == alice


def test_a_name_of_another_scheme_is_another_client() -> None:
    alice = services.create_client(name="alice")
    Identity.objects.create(client=alice, scheme="jwt", subject="arbiter")

    assert let_in().client != alice


def test_an_identifier_with_a_secret_of_its_own_is_signed_with_no_other() -> None:
    identifier = capabilities.keep_identifier("arbiter")
    identifier.sealed_secret = seal("its own")
    identifier.save()

    assert reads({"X-Api-Key": minted(secret=b"its own")}) == "arbiter"
    assert refusal({"X-Api-Key": VECTOR}) == (401, "Invalid API key/token")


def test_an_own_secret_is_enough(settings: Settings) -> None:
    settings.MACAROON_SECRET = ""
    identifier = capabilities.keep_identifier("arbiter")
    identifier.sealed_secret = seal("its own")
    identifier.save()

    assert reads({"X-Api-Key": minted(secret=b"its own")}) == "arbiter"


# Revoked


def test_a_revoked_identifier_is_refused_at_once() -> None:
    let_in()
    capabilities.revoke(MacaroonIdentifier.objects.named("arbiter"))

    assert refusal({"X-Api-Key": VECTOR}) == (401, "Invalid API key/token")
    assert reads({"X-Api-Key": minted(identifier="other")}) == "other"


def test_an_identifier_is_revoked_before_its_first_visit() -> None:
    capabilities.keep_identifier("arbiter")
    capabilities.revoke(MacaroonIdentifier.objects.all())

    assert refusal({"X-Api-Key": VECTOR}) == (401, "Invalid API key/token")


def test_a_revoked_client_is_refused_at_once() -> None:
    let_in()
    Client.objects.update(revoked_at=NOW)

    assert refusal({"X-Api-Key": VECTOR}) == (401, "Invalid API key/token")


def test_a_revoked_client_is_refused_by_an_identifier_new_to_us() -> None:
    alice = services.create_client(name="alice")
    Identity.objects.create(client=alice, scheme="macaroon", subject="arbiter")
    Client.objects.update(revoked_at=NOW)

    assert refusal({"X-Api-Key": VECTOR}) == (401, "Invalid API key/token")


# API keys


@pytest.mark.parametrize("as_basic", [False, True])
def test_an_api_key_is_its_owners(as_basic: bool) -> None:
    alice, key = a_key()
    headers = basic(key) if as_basic else {"X-Api-Key": key}

    caller = authenticate(headers, method="POST", path="/export")

    assert (caller.client, caller.grant) == (alice, None)


def test_an_api_key_is_good_at_every_door_and_without_a_macaroons_secret(
    settings: Settings,
) -> None:
    settings.MACAROON_SECRET = ""
    alice, key = a_key()

    assert let_in(key, path="/lp/export").client == alice
    assert let_in(key, method="GET", path="/ws/export").client == alice


def test_an_api_key_of_another_scope() -> None:
    _, key = a_key(scope="export")

    assert refusal({"X-Api-Key": key}) == (401, "Invalid API key/token")


def test_an_api_key_that_was_revoked() -> None:
    alice, key = a_key()
    alice.keys.update(revoked_at=NOW)

    assert refusal({"X-Api-Key": key}) == (401, "Invalid API key/token")


def test_an_api_key_of_a_revoked_client() -> None:
    _, key = a_key()
    Client.objects.update(revoked_at=NOW)

    assert refusal({"X-Api-Key": key}) == (401, "Invalid API key/token")


# What may be reached


def test_a_caveat_binds_the_destination() -> None:
    caller = let_in()

    assert caller.may_reach(THERE)
    assert not caller.may_reach("http://other.example/")


def test_a_body_that_names_nothing_meets_no_caveat_but_may_be_told_so() -> None:
    _, key = a_key("http://a.example/")

    assert not let_in().may_reach("")
    assert let_in(minted()).may_reach("")
    assert let_in(key).may_reach("")


def test_without_a_caveat_the_clients_list_binds() -> None:
    services.create_client(name="alice", destinations=["http://a.example/in"])
    capabilities.keep_identifier("arbiter", client=Client.objects.get())
    caller = let_in(minted())

    assert caller.may_reach("http://a.example/in")
    assert not caller.may_reach("http://a.example/in/")
    assert not caller.may_reach("http://a.example/")


def test_an_api_key_is_bound_by_its_clients_list() -> None:
    _, key = a_key("http://a.example/in", "http://b.example/in")

    assert let_in(key).may_reach("http://b.example/in")
    assert not let_in(key).may_reach("http://c.example/in")


def test_bound_by_nothing_nothing_is_reached_in_production() -> None:
    _, key = a_key()

    assert not let_in(minted()).may_reach(THERE)
    assert not let_in(key).may_reach(THERE)


def test_bound_by_nothing_anything_may_be_tried_in_development(
    settings: Settings,
) -> None:
    settings.DEBUG = True
    _, key = a_key()

    assert let_in(minted()).may_reach(THERE)
    assert let_in(key).may_reach(THERE)
    assert not let_in().may_reach("http://other.example/")


def test_a_caveat_narrows_the_list_and_never_widens_it() -> None:
    alice = services.create_client(
        name="alice", destinations=["http://a.example/", "http://b.example/"]
    )
    capabilities.keep_identifier("arbiter", client=alice)
    held = pymacaroons.Macaroon.deserialize(minted())
    held.add_first_party_caveat("destination = http://evil.example/")

    narrowed = let_in(minted("destination = http://a.example/"))

    assert narrowed.may_reach("http://a.example/")
    assert not narrowed.may_reach("http://b.example/")
    assert not let_in(held.serialize()).may_reach("http://evil.example/")


def test_a_caveat_that_a_holder_adds_opens_nothing_once_the_list_is_emptied() -> None:
    capabilities.keep_identifier("arbiter", listed_only=True)
    held = pymacaroons.Macaroon.deserialize(minted())
    held.add_first_party_caveat("destination = http://evil.example/")

    assert not let_in(held.serialize()).may_reach("http://evil.example/")


@pytest.mark.parametrize(
    "broken", ["http://127.0.0.1:8000/in", {THERE: 1}, 1, [None], [[THERE]]]
)
def test_a_list_that_is_none_opens_nothing(broken: object) -> None:
    _, key = a_key()
    Client.objects.update(destinations=broken)

    assert not let_in(key).may_reach(THERE)


def test_at_a_websocket_each_frames_destination_is_asked_for() -> None:
    needed = ["target = export-service", "path = /ws/export", "method = GET"]
    token = minted('destination = ["http://a.example/"]', needed=needed)

    caller = let_in(token, method="GET", path="/ws/export")

    assert caller.may_reach("http://a.example/")
    assert not caller.may_reach("http://b.example/")
