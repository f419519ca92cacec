"""Identifiers of macaroons in the admin: made, given secrets, revoked."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries, Settings

from exports import capabilities
from exports.dialects.databox.auth import NotAllowed, authenticate
from exports.models import MacaroonIdentifier
from tasks import services
from tasks.models import Client, Identity
from tests.exports.macaroons.made import SECRET, VECTOR, minted

LIST = "/admin/exports/macaroonidentifier/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _settings(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_USE_FINDERS = False
    settings.MACAROON_SECRET = SECRET.decode()
    settings.DATABOX_LOCAL_NAME = "export-service"


@pytest.fixture
def staff(client: Browser) -> Browser:
    client.force_login(User.objects.create_superuser("staff", password="x"))
    return client


def page(staff: Browser, url: str) -> str:
    reply = staff.get(url)
    assert reply.status_code == 200
    return reply.content.decode()


def is_let_in(token: str) -> bool:
    try:
        authenticate({"X-Api-Key": token}, method="POST", path="/export")
    except NotAllowed:
        return False
    return True


def change_url(known: MacaroonIdentifier) -> str:
    return f"{LIST}{known.pk}/change/"


def revoke(staff: Browser, known: MacaroonIdentifier) -> str:
    chosen = {"action": "revoke", "_selected_action": [str(known.pk)]}
    return staff.post(LIST, chosen, follow=True).content.decode()


def test_the_list_costs_the_same_for_one_identifier_and_for_fifty(
    staff: Browser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(50):
        capabilities.keep_identifier(f"app-{number:02}")

    with django_assert_max_num_queries(6):
        shown = page(staff, LIST)

    assert "app-00" in shown
    assert "macaroon:app-49" in shown


def test_an_identifier_is_found_by_its_name_and_its_clients(staff: Browser) -> None:
    alice = services.create_client(name="alice")
    capabilities.keep_identifier("app-1", client=alice)
    capabilities.keep_identifier("other")

    for query in ("alice", "app-1"):
        shown = page(staff, f"{LIST}?q={query}")
        assert "app-1" in shown
        assert "other" not in shown


def test_an_identifier_is_made_with_a_client_and_a_secret(staff: Browser) -> None:
    alice = services.create_client(name="alice")
    told = {"identifier": "arbiter", "client": str(alice.pk), "secret": " its own "}

    reply = staff.post(f"{LIST}add/", told)

    assert reply.status_code == 302
    assert is_let_in(minted(secret=b" its own "))
    assert not is_let_in(VECTOR)
    assert MacaroonIdentifier.objects.get().client == alice


def test_an_identifier_without_a_client_gets_one_of_its_own(staff: Browser) -> None:
    staff.post(f"{LIST}add/", {"identifier": "arbiter", "listed_only": "on"})

    known = MacaroonIdentifier.objects.get()
    assert (known.client.name, known.listed_only) == ("macaroon:arbiter", True)
    assert is_let_in(VECTOR)


def test_an_identifier_that_is_there_or_anothers_is_not_made(staff: Browser) -> None:
    alice, bob = (services.create_client(name=name) for name in ("alice", "bob"))
    Identity.objects.create(client=alice, scheme="macaroon", subject="app")
    capabilities.keep_identifier("arbiter")

    again = staff.post(f"{LIST}add/", {"identifier": "arbiter"})
    taken = staff.post(f"{LIST}add/", {"identifier": "app", "client": str(bob.pk)})
    odd = staff.post(f"{LIST}add/", {"identifier": "a\0b"})

    assert "It is here already." in again.content.decode()
    assert "belongs to alice." in taken.content.decode()
    assert "Null characters are not allowed." in odd.content.decode()
    assert MacaroonIdentifier.objects.count() == 1


def test_a_secret_is_changed_and_never_shown(staff: Browser) -> None:
    known = capabilities.keep_identifier("arbiter")

    staff.post(change_url(known), {"secret": "its own"})
    staff.post(change_url(known), {"secret": "", "listed_only": "on"})

    assert is_let_in(minted(secret=b"its own"))
    known.refresh_from_db()
    assert known.listed_only
    for url in (LIST, change_url(known)):
        shown = page(staff, url)
        assert "its own" not in shown
        assert known.sealed_secret not in shown


def test_an_identifier_is_revoked_and_stays_so(staff: Browser) -> None:
    known = capabilities.keep_identifier("arbiter")

    assert "Revoked: 1." in revoke(staff, known)
    assert "Not done: arbiter: it is revoked already." in revoke(staff, known)
    staff.post(change_url(known), {"secret": "", "revoked_at": ""})

    assert not is_let_in(VECTOR)


def test_neither_it_nor_what_it_stands_on_is_deleted(staff: Browser) -> None:
    known = capabilities.keep_identifier("arbiter")
    revoke(staff, known)

    assert staff.post(f"{LIST}{known.pk}/delete/", {"post": "yes"}).status_code == 403
    staff.post(f"/admin/tasks/client/{known.client.pk}/delete/", {"post": "yes"})
    staff.post(
        f"/admin/tasks/client/{known.client.pk}/change/",
        {
            "name": "changed",
            "identities-TOTAL_FORMS": "1",
            "identities-INITIAL_FORMS": "1",
            "identities-0-id": str(known.identity_id),
            "identities-0-client": str(known.client.pk),
            "identities-0-scheme": "macaroon",
            "identities-0-subject": "arbiter",
            "identities-0-DELETE": "on",
        },
    )

    assert Client.objects.filter(identities__subject="arbiter").exists()
    assert not is_let_in(VECTOR)


def test_staff_that_may_only_look_revokes_nothing(client: Browser) -> None:
    looker = User.objects.create_user("looker", password="x", is_staff=True)
    looker.user_permissions.add(
        Permission.objects.get(codename="view_macaroonidentifier")
    )
    client.force_login(looker)
    known = capabilities.keep_identifier("arbiter")

    revoke(client, known)

    assert is_let_in(VECTOR)
