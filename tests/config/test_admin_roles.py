"""Roles of staff: made by migrate on any database, and what each may do."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from exports.models import MacaroonIdentifier
from registry.models import Subscription
from tasks import roles, services
from tasks.client_admin import ClientAdmin
from tasks.models import ApiKey, Identity
from tasks.roles import Role
from tests.support.backends import bound_to
from tests.support.exporting import closed_world
from tests.support.jobs import a_client, a_job
from tests.support.many import fill
from tests.support.staff import act, page, signed_in

KEYS = "/admin/tasks/apikey/"
CLIENTS = "/admin/tasks/client/"
SECRET = "s3cret-planted"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _static(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_USE_FINDERS = False
    with closed_world(tmp_path):
        yield


def permissions_of(role: Role) -> set[str]:
    of_group = Permission.objects.filter(group__name=role).select_related(
        "content_type"
    )
    return {f"{one.content_type.app_label}.{one.codename}" for one in of_group}


def lists(staff: Client) -> list[str]:
    found = re.findall(r'href="(/admin/\w+/\w+/)"', page(staff, "/admin/"))
    return sorted(set(found))


def test_each_role_may_do_more_than_the_one_below() -> None:
    viewer, operator, all_of_it = map(permissions_of, Role)

    assert viewer < operator < all_of_it
    assert {one.split(".")[1].split("_")[0] for one in viewer} == {"view"}
    assert operator - viewer == {
        "registry.change_dataset",
        "registry.change_eventdelivery",
        "tasks.change_apikey",
        "tasks.change_job",
    }
    assert {"tasks.delete_task", "auth.change_user"} <= all_of_it
    assert not [one for one in operator if one.startswith("auth.")]


def test_a_second_migrate_changes_nothing_and_mends_what_is_missing() -> None:
    before = {role: permissions_of(role) for role in Role}
    viewer = Group.objects.get(name="viewer")
    viewer.permissions.clear()
    Group.objects.get(name="operator").delete()

    for label in ("tasks", "exports", "registry", "auth"):
        config = apps.get_app_config(label)
        roles.give_permissions(config, using="default")
        roles.give_permissions(config, using="default")

    assert {role: permissions_of(role) for role in Role} == before
    assert Group.objects.get(name="viewer") == viewer


def test_what_was_given_besides_stays() -> None:
    extra = Permission.objects.get(codename="add_client")
    Group.objects.get(name="viewer").permissions.add(extra)

    roles.give_permissions(apps.get_app_config("tasks"), using="default")

    assert "tasks.add_client" in permissions_of(Role.VIEWER)


def test_a_fresh_database_has_them_after_its_first_migrate(tmp_path: Path) -> None:
    wanted = {role: permissions_of(role) for role in Role}

    with bound_to(f"sqlite:///{tmp_path}/fresh.sqlite3"):
        call_command("migrate", verbosity=0)
        found = {role: permissions_of(role) for role in Role}

    assert found == wanted


def test_a_viewer_opens_every_list_and_page_and_may_change_none() -> None:
    fill(40)
    staff = signed_in(Role.VIEWER)
    served = lists(staff)
    assert len(served) >= 15

    for url in served:
        text = page(staff, url)
        assert 'name="action"' not in text, url
        assert "addlink" not in text.split('id="content"')[1], url
        for row in re.findall(rf'href="({url}[^"]+/change/)[^"]*"', text)[:1]:
            assert 'name="_save"' not in page(staff, row)
            assert staff.post(row, {"name": "changed"}).status_code == 403
        assert staff.get(f"{url}add/").status_code == 403


def test_nobody_below_an_administrator_sees_users() -> None:
    for role in (Role.VIEWER, Role.OPERATOR):
        assert signed_in(role).get("/admin/auth/user/").status_code == 403
    assert "/admin/auth/user/" in lists(signed_in(Role.ADMINISTRATOR))


def test_a_viewer_sees_no_secret() -> None:
    client = services.client_of(Identity.Scheme.MACAROON, "arbiter")
    identity = client.identities.get()
    known = MacaroonIdentifier.objects.create(identity=identity, sealed_secret=SECRET)
    key, text = services.create_key(client=client, scopes=["export"])
    hook = Subscription.objects.create(
        owner="me", url=f"https://a.example/?key={SECRET}", secret=SECRET
    )
    client.destinations = [f"https://a.example/?key={SECRET}"]
    client.save()
    staff = signed_in(Role.VIEWER)

    for url in (
        f"/admin/exports/macaroonidentifier/{known.pk}/change/",
        f"{KEYS}{key.pk}/change/",
        f"/admin/registry/subscription/{hook.pk}/change/",
        "/admin/registry/subscription/",
        f"{CLIENTS}{client.pk}/change/",
    ):
        shown = page(staff, url)
        assert SECRET not in shown, url
        assert text not in shown
        assert key.digest not in shown


def test_an_operator_revokes_keys_and_clients_and_is_told_what_was_revoked() -> None:
    client = a_client()
    first, _ = services.create_key(client=client, scopes=["export"])
    second, _ = services.create_key(client=client, scopes=["export"])
    staff = signed_in(Role.OPERATOR)
    act(staff, KEYS, "revoke", first)

    text = act(staff, KEYS, "revoke", first, second)
    of_client = act(staff, CLIENTS, "revoke", client)

    assert "Revoked: 1." in text
    assert f"Not done: {first}: it is revoked already." in text
    assert "Revoked: 1." in of_client
    assert not ApiKey.objects.filter(revoked_at=None).exists()
    client.refresh_from_db()
    assert client.revoked_at


def test_an_operator_changes_no_client() -> None:
    client = a_client()
    staff = signed_in(Role.OPERATOR)

    reply = staff.post(f"{CLIENTS}{client.pk}/change/", {"name": "changed"})

    assert reply.status_code == 403


def test_an_administrator_does() -> None:
    client = a_client()
    staff = signed_in(Role.ADMINISTRATOR)

    text = page(staff, f"{CLIENTS}{client.pk}/change/")

    assert 'name="_save"' in text
    assert ClientAdmin.buttons["revoke"] in text


def test_an_operator_deletes_no_task() -> None:
    text = page(signed_in(Role.OPERATOR), "/admin/tasks/task/")
    assert 'value="delete_tasks"' not in text
    a_job()
    assert User.objects.count() == 1
