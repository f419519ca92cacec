"""The admin: shut to all but staff, by session and CSRF token, and to guessing."""

import random
import re
import secrets
from collections.abc import Callable, Iterator
from itertools import count
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User

from tests.security.conftest import Some
from tests.security.house import House, Reply, session_of
from tests.security.routes import admin_paths
from tests.security.tally import Tally
from tests.support.specstore import token_of

pytestmark = [pytest.mark.live, pytest.mark.whole]

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LOGIN = "/admin/login/"
# What anybody may ask for; a post to either does nothing by itself.
OPEN = {LOGIN, "/admin/logout/"}
COOKIES = [
    *("sessionid=", "sessionid=a", "sessionid=" + "a" * 32, "sessionid=' OR 1=1 --"),
    *("sessionid=../../etc/passwd", "sessionid=%00", "sessionid=a; sessionid=b"),
    "sessionid=.eJxVjDEOwjAMAO_iGUXYTpzCyM4bIrs2pIDaqSt_x5k6sN7d_QJd1qWvS5v7V:1s:2Z",
]


@pytest.fixture(scope="module")
def guests(house: House) -> dict[str, dict[str, str]]:
    """Return the headers of those who are none of the staff."""
    alice = house.people["alice"]
    nobody = User.objects.create_user("nobody")
    former = User.objects.create_user("former", is_staff=True, is_superuser=True)
    gone = session_of(former)
    User.objects.filter(pk=former.pk).update(is_active=False)
    return {
        "nobody": {},
        "a key": {"Authorization": f"token {alice.all_but['share']}"},
        "a bearer": {"Authorization": f"Bearer {house.idp.token(sub='alice')}"},
        "a JWT": {"Auth-Token": token_of("alice")},
        "a user": session_of(nobody),
        "former staff": gone,
        **{f"cookie {n}": {"Cookie": one} for n, one in enumerate(COOKIES)},
    }


@pytest.fixture(scope="module")
def staff(house: House) -> dict[str, str]:
    root = User.objects.create_superuser("root", password="right horse")
    return session_of(root)


def shut(reply: Reply) -> bool:
    to_login = reply.status == 302 and LOGIN in reply.headers.get("Location", "")
    return to_login or reply.status in {400, 403, 404, 405}


def test_every_page_is_shut_to_all_but_staff(
    house: House,
    guests: dict[str, dict[str, str]],
    some: Some,
    tally_of: Callable[[str], Tally],
) -> None:
    tally = tally_of("admin: every page by who is no staff")
    pages = [path for path in admin_paths() if path not in OPEN]
    asked = [(p, who, m) for p in pages for who in guests for m in ("GET", "POST")]
    for path, who, method in some(asked, 60):
        body = b"" if method == "POST" else None
        reply = house.ask(method, path, body, {**FORM, **guests[who]})
        tally.judge(f"{method} {path} by {who}", reply.status, refused=shut(reply))
    assert tally.wrong == [], "\n".join(tally.wrong)


def test_staff_without_permissions_sees_no_rows(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("admin: every page by staff without permissions")
    helper, _ = User.objects.get_or_create(username="helper", is_staff=True)
    session = session_of(helper)
    pages = [path for path in admin_paths() if path.count("/") > 3]
    for path in some(pages, 30):
        reply = house.ask("GET", path, None, session)
        refused = shut(reply) or reply.status == 302 or "password" in path
        tally.judge(path, reply.status, refused=refused)
    assert tally.wrong == [], "\n".join(tally.wrong)


def test_nothing_is_posted_without_the_pages_own_token(
    house: House,
    staff: dict[str, str],
    some: Some,
    tally_of: Callable[[str], Tally],
) -> None:
    tally = tally_of("admin: posts without or with another's CSRF token")
    forged = [
        {},
        {"Cookie": f"{staff['Cookie']}; csrftoken={'a' * 32}"},
        {"X-CSRFToken": "a" * 32},
        {"Origin": "http://evil.example"},
        {"Referer": "http://evil.example/admin/"},
    ]
    asked = [(path, n) for path in admin_paths() for n in range(len(forged))]
    for path, number in some(asked, 40):
        body = urlencode({"csrfmiddlewaretoken": "b" * 32, "post": "yes"}).encode()
        headers = {**FORM, **staff, **forged[number]}
        reply = house.ask("POST", path, body, headers)
        refused = reply.status in {400, 403, 404, 405}
        tally.judge(f"{path} {forged[number]}", reply.status, refused=refused)
    assert tally.wrong == [], "\n".join(tally.wrong)


def test_staff_does_get_in_and_every_list_is_shown(
    house: House, staff: dict[str, str], tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("admin: every page by staff, to break it")
    for path in admin_paths():
        reply = house.ask("GET", path, None, staff)
        tally.must_not_break(path, reply.status)
    assert house.ask("GET", "/admin/", None, staff).status == 200
    assert tally.wrong == [], "\n".join(tally.wrong)


def _guesses(number: int) -> Iterator[str]:
    chance = random.Random(random.random())
    yield from ("", "admin", "root", "password", "12345678", "' OR '1'='1", "right")
    for _ in range(number):
        yield "".join(chance.choices("abcdefghij0123", k=chance.randint(1, 20)))


def sign_in(house: House, name: str, password: str, **headers: str) -> Reply:
    page = house.ask("GET", LOGIN)
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    found = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page.content)
    assert found
    token = found[1].decode()
    form = {"username": name, "password": password, "csrfmiddlewaretoken": token}
    sent = {**FORM, "Cookie": cookie, **headers}
    return house.ask("POST", LOGIN, urlencode(form).encode(), sent)


def test_guessing_is_shut_out_whatever_else_the_request_says(
    house: House, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("admin: guessed passwords, the right one among them")
    name = f"target-{secrets.token_hex(4)}"
    User.objects.create_superuser(name, password="the right one")
    # What the guesser claims to be, with the address that a proxy adds.
    claims = (f"198.51.100.{number % 250}, 203.0.113.9" for number in count())
    for guess in some(list(_guesses(150)), 8):
        reply = sign_in(house, name, guess, **{"X-Forwarded-For": next(claims)})
        tally.judge(guess, reply.status, refused=reply.status in {200, 429})
    for spelling in (name, name.upper(), f" {name}", f"{name}\0", f"{name}\u200b"):
        headers = {"X-Forwarded-For": next(claims)}
        reply = sign_in(house, spelling, "the right one", **headers)
        tally.judge(f"{spelling!r}", reply.status, refused=reply.status != 302)
    assert tally.wrong == [], "\n".join(tally.wrong)
