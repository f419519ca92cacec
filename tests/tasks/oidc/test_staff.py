"""Staff sign in to the admin at the provider, and who is not staff does not."""

import json
from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tasks.oidc import sessions
from tasks.oidc.options import StaffClaim
from tests.support.idp import Idp, Reply
from tests.support.idp_keys import pair

pytestmark = pytest.mark.django_db

NOT_LET_IN = "You were not let in"


@pytest.fixture(autouse=True)
def _signs_in_at_provider(settings: Settings) -> None:
    settings.AUTHENTICATION_BACKENDS = [
        "axes.backends.AxesStandaloneBackend",
        "tasks.oidc.staff.StaffBackend",
    ]
    settings.AXES_ENABLED = False


def begin(browser: Client, *, next_: str = "") -> str:
    """Start a sign-in; return where the browser is sent to."""
    reply = browser.get("/oidc/start", {"next": next_} if next_ else {})
    assert reply.status_code == 302
    return str(reply.headers["Location"])


def choose(where: str, user: str) -> str:
    """Sign in at the provider as somebody; return the way back to us."""
    reply = requests.get(f"{where}&login_hint={user}", allow_redirects=False, timeout=5)
    parts = urlsplit(reply.headers["Location"])
    assert parts.path == "/oidc/callback"
    return f"{parts.path}?{parts.query}"


def sign_in(browser: Client, user: str = "ada", next_: str = "") -> Any:
    return browser.get(choose(begin(browser, next_=next_), user))


def is_in(browser: Client) -> bool:
    return browser.get("/admin/").status_code == 200


def test_the_sign_in_page_leads_to_the_provider_and_asks_no_password(
    client: Client,
) -> None:
    page = client.get("/admin/login/?next=/admin/tasks/job/").content.decode()

    assert 'href="/oidc/start?next=%2Fadmin%2Ftasks%2Fjob%2F"' in page
    assert 'type="password"' not in page


def test_staff_who_sign_in_get_where_they_wanted_to(client: Client) -> None:
    reply = sign_in(client, next_="/admin/tasks/job/")

    assert (reply.status_code, reply.headers["Location"]) == (302, "/admin/tasks/job/")
    assert client.get("/admin/tasks/job/").status_code == 200


def test_the_flow_has_state_nonce_and_proof(client: Client, idp: Idp) -> None:
    query = parse_qs(urlsplit(begin(client)).query)

    assert query["code_challenge_method"] == ["S256"]
    assert len(query["state"][0]) == len(query["nonce"][0]) == 32
    assert query["redirect_uri"] == ["http://testserver/oidc/callback"]


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example", "\\\\e"])
def test_nobody_is_sent_elsewhere_afterwards(client: Client, next_: str) -> None:
    assert sign_in(client, next_=next_).headers["Location"] == "/admin/"


def test_a_user_is_named_after_issuer_and_subject_and_has_no_password(
    client: Client,
) -> None:
    sign_in(client)

    user = User.objects.get()
    assert user.username.startswith("oidc:")
    assert (user.email, user.first_name) == ("ada@x.org", "Ada")
    assert user.is_staff
    assert not user.is_superuser
    assert not user.has_usable_password()


def test_who_comes_again_is_the_same_user_and_stays_in_elsewhere(
    client: Client,
) -> None:
    sign_in(client)
    sign_in(Client())

    assert User.objects.count() == 1
    assert is_in(client)


def test_an_address_like_another_users_makes_nobody_that_user(
    client: Client, idp: Idp
) -> None:
    User.objects.create_superuser("root", email="ada@x.org", password="x")

    sign_in(client)

    assert client.get("/admin/").wsgi_request.user.get_username() != "root"


def test_who_is_not_staff_is_told_so(client: Client) -> None:
    reply = sign_in(client, "bob")

    assert reply.headers["Location"] == "/admin/login/"
    assert NOT_LET_IN in client.get("/admin/login/").content.decode()
    assert not User.objects.exists()
    assert not is_in(client)


def test_who_is_staff_no_more_loses_older_sessions_too(
    client: Client, idp: Idp
) -> None:
    sign_in(client)
    assert is_in(client)
    idp.users["ada"]["groups"] = []

    sign_in(Client())

    assert not is_in(client)


@pytest.mark.parametrize(
    ("claims", "staff"),
    [
        ({"realm_access": {"roles": ["a", "boss"]}}, True),
        ({"realm_access": {"roles": "boss"}}, True),
        ({"realm_access": {"roles": "bosses"}}, False),
        ({"realm_access": {"roles": ["bosses"]}}, False),
        ({"realm_access": ["roles"]}, False),
        ({"roles": ["boss"]}, False),
        ({}, False),
    ],
)
def test_the_claim_may_be_a_nested_one(
    client: Client, idp: Idp, settings: Settings, claims: dict[str, Any], staff: bool
) -> None:
    settings.OIDC_STAFF_CLAIM = StaffClaim(("realm_access", "roles"), "boss")
    idp.users["eve"] = claims

    sign_in(client, "eve")

    assert is_in(client) is staff


def test_administrators_may_do_all_but_make_users(client: Client) -> None:
    sign_in(client)

    assert client.get("/admin/tasks/client/add/").status_code == 200
    assert client.get("/admin/auth/user/").status_code == 403
    assert client.get("/admin/axes/accessattempt/").status_code == 403


@pytest.mark.parametrize(
    ("user", "role", "status_of_adding"),
    [("vera", "viewer", 403), ("otto", "operator", 403), ("ada", "administrator", 200)],
)
def test_the_provider_says_who_has_which_role(
    client: Client, user: str, role: str, status_of_adding: int
) -> None:
    sign_in(client, user)

    assert [group.name for group in User.objects.get().groups.all()] == [role]
    assert client.get("/admin/tasks/job/").status_code == 200
    assert client.get("/admin/tasks/client/add/").status_code == status_of_adding


def test_who_comes_again_with_less_has_less(client: Client, idp: Idp) -> None:
    sign_in(client)
    idp.users["ada"]["groups"] = ["entrepot-staff"]

    sign_in(Client())

    assert [group.name for group in User.objects.get().groups.all()] == ["viewer"]
    assert client.get("/admin/tasks/client/add/").status_code == 403


def test_a_session_ends_after_a_working_day(client: Client) -> None:
    sign_in(client)

    assert client.session.get_expiry_age() == 8 * 3600


def test_sessions_of_who_only_came_by_are_soon_deleted(client: Client) -> None:
    begin(Client())
    sign_in(client)
    later = timezone.now() + timedelta(minutes=16)

    assert sessions.prune(at=later, dry_run=True) == {"sessions": 1}
    assert sessions.prune(at=later, dry_run=False) == {"sessions": 1}

    assert is_in(client)
    assert sessions.prune(at=later, dry_run=False) == {"sessions": 0}


def test_a_code_serves_once(client: Client) -> None:
    back = choose(begin(client), "ada")
    client.get(back)

    other = Client()
    begin(other)
    assert other.get(back).status_code == 400
    assert not is_in(other)


def test_another_browsers_way_back_is_refused(client: Client) -> None:
    back = choose(begin(client), "ada")
    victim = Client()
    begin(victim)

    assert victim.get(back).status_code == 400
    assert not is_in(victim)


def test_a_way_back_that_nobody_took_is_refused(client: Client) -> None:
    reply = client.get("/oidc/callback?code=x&state=y")

    assert reply.headers["Location"] == "/admin/login/"


def test_a_stolen_code_under_ones_own_state_is_refused(client: Client) -> None:
    stolen = parse_qs(urlsplit(choose(begin(Client()), "ada")).query)["code"][0]
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]

    client.get("/oidc/callback", {"code": stolen, "state": state})

    assert not is_in(client)


def test_a_code_in_the_password_forms_address_signs_nobody_in(
    client: Client, idp: Idp
) -> None:
    back = urlsplit(choose(begin(Client()), "ada")).query

    client.post(f"/admin/login/?{back}", {"username": "a", "password": "b"})

    assert not is_in(client)
    assert idp.asked["/token"] == 0


def test_a_password_does_not_sign_in_while_the_provider_does(client: Client) -> None:
    User.objects.create_superuser("root", password="right")

    client.post("/admin/login/", {"username": "root", "password": "right"})

    assert not is_in(client)


def test_who_declines_at_the_provider_is_back_at_the_sign_in_page(
    client: Client,
) -> None:
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]

    reply = client.get("/oidc/callback", {"error": "access_denied", "state": state})

    assert reply.headers["Location"] == "/admin/login/"


def _changed(idp: Idp, where: str, **changes: Any) -> str:
    """Take the provider's good ID token for this sign-in, but for the changes."""
    query = {k: v[0] for k, v in parse_qs(urlsplit(where).query).items()}
    good = idp.id_token("ada", "entrepot-web", query).split(".")[1]
    claims = {**json.loads(urlsafe_b64decode(good + "==")), **changes}
    return idp.sign({k: v for k, v in claims.items() if v is not ...}, typ="JWT")


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "another"},
        {"nonce": ...},
        {"aud": "another-client"},
        {"aud": ["entrepot-web", "another-client"]},
        {"azp": "another-client"},
        {"iss": "https://idp.example"},
        {"exp": 1},
        {"exp": ...},
        {"sub": ...},
        {"typ": "Bearer"},
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(
    client: Client, idp: Idp, changes: dict[str, Any]
) -> None:
    where = begin(client)
    token = _changed(idp, where, **changes)
    idp.answers["/token"] = Reply({"access_token": "a", "id_token": token})

    client.get(choose(where, "ada"))

    assert not is_in(client)


def test_the_id_token_those_were_made_from_is_taken(client: Client, idp: Idp) -> None:
    where = begin(client)
    idp.answers["/token"] = Reply({"id_token": _changed(idp, where)})

    client.get(choose(where, "ada"))

    assert is_in(client)


@pytest.mark.parametrize(
    "token", [None, 7, "", "a.b.c", [], "eyJhbGciOiJub25lIn0.e30."]
)
def test_a_reply_without_an_id_token_signs_nobody_in(
    client: Client, idp: Idp, token: Any
) -> None:
    idp.answers["/token"] = Reply({"access_token": "a", "id_token": token})

    reply = sign_in(client)

    assert reply.headers["Location"] == "/admin/login/"


def test_an_id_token_of_another_key_is_refused(client: Client, idp: Idp) -> None:
    where = begin(client)
    idp.keys.insert(0, pair("forger"))
    token = _changed(idp, where)
    idp.keys.pop(0)
    idp.answers["/token"] = Reply({"access_token": "a", "id_token": token})

    client.get(choose(where, "ada"))

    assert not is_in(client)


def test_groups_may_come_with_the_user_info(client: Client, idp: Idp) -> None:
    where = begin(client)
    token = _changed(idp, where, groups=...)
    access = "their-access-token"
    idp.active[access] = {"sub": "ada"}
    idp.answers["/token"] = Reply({"access_token": access, "id_token": token})

    client.get(choose(where, "ada"))

    assert is_in(client)


def test_user_info_about_somebody_else_is_refused(client: Client, idp: Idp) -> None:
    where = begin(client)
    token = _changed(idp, where, groups=..., sub="bob")
    access = "adas-access-token"
    idp.active[access] = {"sub": "ada"}
    idp.answers["/token"] = Reply({"access_token": access, "id_token": token})

    client.get(choose(where, "ada"))

    assert not is_in(client)


def test_a_provider_that_is_down_is_a_503(client: Client, idp: Idp) -> None:
    back = choose(begin(client), "ada")
    idp.stop()

    reply = client.get(back)

    assert reply.status_code == 503
    assert reply.headers["Retry-After"] == "5"


def test_the_first_page_says_so_too(client: Client, idp: Idp) -> None:
    idp.stop()

    assert client.get("/oidc/start").status_code == 503


def test_other_pages_do_not_need_the_provider(client: Client, idp: Idp) -> None:
    sign_in(client)
    idp.stop()

    assert is_in(client)
    assert client.get("/admin/tasks/job/").status_code == 200


@pytest.mark.parametrize("unset", ["OIDC_ISSUER", "OIDC_CLIENT_ID"])
@pytest.mark.parametrize("path", ["/oidc/start", "/oidc/callback?code=a&state=b"])
def test_where_it_is_not_configured_there_is_no_such_page(
    client: Client, settings: Settings, path: str, unset: str
) -> None:
    setattr(settings, unset, "")

    assert client.get(path).status_code == 404
    assert 'type="password"' in client.get("/admin/login/").content.decode()
