"""Sharing in the admin: who may read what, who has, and what staff can end."""

from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from exports import share_queries
from exports.models import Share
from tests.support.sharing import a_query, a_share, put, some_events

SHARES = "/admin/exports/share/"
QUERIES = "/admin/exports/sharequery/"
STREAMS = "/admin/exports/eventstream/"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_store")]


@pytest.fixture(autouse=True)
def _static(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_USE_FINDERS = False


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("staff", password="x"))
    return client


def page(staff: Client, url: str) -> str:
    reply = staff.get(url)
    assert reply.status_code == 200
    return reply.content.decode()


def act(staff: Client, action: str, *chosen: Share) -> str:
    told = {"action": action, "_selected_action": [one.pk for one in chosen]}
    reply = staff.post(SHARES, told, follow=True)
    assert reply.status_code == 200
    return reply.content.decode()


def test_each_list_costs_the_same_for_one_row_and_for_thirty(
    staff: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        share = a_share(f"stream {number}", readers=("alice", "bob"))
        put(share.stream, some_events(2))
        a_query(share)

    for url, shown in ((SHARES, "alice, bob"), (QUERIES, "alice"), (STREAMS, "owner")):
        with django_assert_max_num_queries(9):
            assert page(staff, url).count(shown) >= 30


def test_a_query_shows_who_asked_what_and_when_it_was_fetched(staff: Client) -> None:
    query = a_query(a_share(), shown={"filter": ["<b>"]})
    share_queries.claim(query, at=timezone.now())
    share_queries.collected(query, at=timezone.now())

    shown = page(staff, f"{QUERIES}{query.pk}/change/")

    assert "Fetched" in shown
    assert "alice" in shown
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown


def test_a_query_with_a_job_leads_to_it(staff: Client) -> None:
    share = a_share()
    put(share.stream, some_events(2))
    query = a_query(share, filter="n = 1")

    shown = page(staff, f"{QUERIES}{query.pk}/change/")

    assert f"/admin/tasks/job/{query.job_id}/change/" in shown
    assert "Queued" in shown


def test_a_share_leads_to_its_queries(staff: Client) -> None:
    share, other = a_share("one"), a_share("two")
    mine, theirs = a_query(share), a_query(other)

    assert f"{QUERIES}?share__id__exact={share.pk}" in page(
        staff, f"{SHARES}{share.pk}/change/"
    )
    listed = page(staff, f"{QUERIES}?share__id__exact={share.pk}")

    assert str(mine.pk) in listed
    assert str(theirs.pk) not in listed


def test_tokens_are_revoked_and_the_log_says_by_whom(staff: Client) -> None:
    share, other = a_share("one"), a_share("two")

    shown = act(staff, "revoke_tokens", share)

    assert "Tokens revoked of shares: 1." in shown
    epochs = {one.pk: one.epoch for one in Share.objects.all()}
    assert epochs == {share.pk: 2, other.pk: 1}
    entry = LogEntry.objects.get(object_id=str(share.pk))
    assert (entry.user.username, entry.change_message) == (
        "staff",
        "All tokens revoked.",
    )


def test_a_share_is_revoked_once(staff: Client) -> None:
    share = a_share()

    assert "Revoked: 1." in act(staff, "revoke_shares", share)
    assert "Revoked: 0." in act(staff, "revoke_shares", share)
    share.refresh_from_db()
    assert share.revoked_at is not None


def test_who_may_only_look_can_do_nothing(client: Client) -> None:
    user = User.objects.create_user("looker", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_share"))
    client.force_login(user)
    share = a_share()

    assert "revoke_shares" not in page(client, SHARES)
    act(client, "revoke_shares", share)

    share.refresh_from_db()
    assert share.revoked_at is None
