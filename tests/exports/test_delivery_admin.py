"""Deliveries in the admin: found, read, cancelled and sent once more."""

from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from exports import deliveries
from exports.models import Delivery
from tasks.engine.claim import claim
from tasks.states import JobState
from tests.support.delivering import a_delivery, fresh

LIST = "/admin/exports/delivery/"
URL = "http://box.example/in?key=s3cret"
EVIL = "<script>alert(1)</script>"

pytestmark = pytest.mark.django_db


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


def answered() -> Delivery:
    delivery = a_delivery(URL, data='{"sent":true}')
    deliveries.record(
        delivery,
        deliveries.Answer("404 Not Found", EVIL, 404),
        at=delivery.created_at,
    )
    return fresh(delivery)


def act(staff: Client, action: str, *chosen: Delivery) -> str:
    told = {"action": action, "_selected_action": [one.pk for one in chosen]}
    reply = staff.post(LIST, told, follow=True)
    assert reply.status_code == 200
    return reply.content.decode()


def test_the_list_costs_the_same_for_one_delivery_and_for_fifty(
    staff: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(50):
        a_delivery(URL, client=f"client-{number % 5}")

    with django_assert_max_num_queries(8):
        shown = page(staff, LIST)

    assert shown.count("client-3") >= 10
    assert "http://box.example/in" in shown
    assert "s3cret" not in shown


def test_one_delivery_shows_what_was_posted_and_what_came_back(staff: Client) -> None:
    delivery = answered()
    claim()

    shown = page(staff, f"{LIST}{delivery.pk}/change/")

    assert "404 Not Found" in shown
    assert "{&quot;sent&quot;:true}" in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert EVIL not in shown
    assert f"/admin/tasks/job/{delivery.job_id}/change/" in shown
    assert "s3cret" not in shown


def test_of_what_is_no_longer_kept_it_says_so(staff: Client) -> None:
    delivery = answered()
    deliveries.collected(delivery, at=delivery.created_at)
    deliveries.prune(at=delivery.created_at, dry_run=False)

    shown = page(staff, f"{LIST}{delivery.pk}/change/")

    assert shown.count("no longer kept") == 2


@pytest.mark.parametrize("destination", ["http://[::1/x?s3cret", "s3cret", ""])
def test_an_address_that_is_none_is_no_error(staff: Client, destination: str) -> None:
    delivery = a_delivery(destination)

    page(staff, LIST)
    page(staff, f"{LIST}{delivery.pk}/change/")


def test_a_long_body_is_cut(staff: Client) -> None:
    delivery = a_delivery(URL, data='"' + "x" * 200_000 + '"')

    shown = page(staff, f"{LIST}{delivery.pk}/change/")

    assert "and 134466 characters more" in shown
    assert len(shown) < 100_000


def test_chosen_deliveries_are_cancelled(staff: Client) -> None:
    waiting, done = a_delivery(URL), answered()
    done.job.state = JobState.SUCCEEDED
    done.job.due_at = None
    done.job.save()

    shown = act(staff, "cancel_jobs", waiting, done)

    assert "Asked to stop: 1." in shown
    assert f"Not done: {done.pk}: it has ended." in shown
    assert fresh(waiting).job.state == JobState.CANCELLED
    assert fresh(waiting).answer_text == "503 Service Unavailable"


def test_chosen_deliveries_are_sent_once_more_and_the_log_says_by_whom(
    staff: Client,
) -> None:
    delivery = answered()

    shown = act(staff, "replay_deliveries", delivery)

    assert "On their way: 1." in shown
    again = Delivery.objects.exclude(pk=delivery.pk).get()
    assert (again.data, again.destination) == ('{"sent":true}', URL)
    entry = LogEntry.objects.get(object_id=str(again.pk))
    assert (entry.user.username, entry.change_message) == (
        "staff",
        f"Replay of {delivery.pk}.",
    )


def test_what_cannot_be_replayed_is_told(staff: Client, settings: Settings) -> None:
    emptied, whole = answered(), answered()
    Delivery.objects.filter(pk=emptied.pk).update(data="")
    settings.MAX_OPEN_JOBS_PER_CLIENT = 2

    shown = act(staff, "replay_deliveries", emptied, whole)

    assert f"Not done: {emptied.pk}: What was sent is no longer kept." in shown
    assert f"Not done: {whole.pk}: alice has 2 unfinished jobs" in shown
    assert Delivery.objects.count() == 2


def test_who_may_only_look_can_do_nothing(client: Client) -> None:
    user = User.objects.create_user("looker", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client.force_login(user)
    delivery = answered()

    assert "replay_deliveries" not in page(client, LIST)
    act(client, "replay_deliveries", delivery)

    assert Delivery.objects.count() == 1
