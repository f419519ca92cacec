"""Subscriptions and deliveries in the admin: secrets shown once, all text escaped."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from registry.models import Dataset, EventDelivery, Subscription
from tasks.models import Job
from tests.support.receivers import delivery, subscribed
from tests.support.sources import Sources
from tests.support.specstore import run_jobs, run_to_end, spec_of, uploaded
from tests.tasks.outbound.servers import ok

pytestmark = pytest.mark.django_db(transaction=True)

SUBSCRIPTIONS = "/admin/registry/subscription/"
DELIVERIES = "/admin/registry/eventdelivery/"
EVIL = b"<script>alert(1)</script>"


@pytest.fixture
def staff(client: Client) -> Client:
    user = User.objects.create_superuser("staff", password="x")
    browser = Client()
    browser.force_login(user)
    return browser


def page(staff: Client, url: str) -> str:
    reply = staff.get(url)
    assert reply.status_code == 200
    return reply.content.decode()


def send(staff: Client, page: str, /, **form: Any) -> str:
    """Send a form, and return the page that staff then sees."""
    reply = staff.post(page, form, follow=True)
    assert reply.status_code == 200
    return reply.content.decode()


def act(staff: Client, url: str, action: str, *rows: Any) -> str:
    chosen = [row.pk for row in rows]
    return send(staff, url, action=action, _selected_action=chosen)


def test_a_new_subscription_shows_its_secret_once(staff: Client) -> None:
    url = "http://127.0.0.1/hook"

    told = send(staff, f"{SUBSCRIPTIONS}add/", owner="me", url=url)

    made = Subscription.objects.get()
    assert (made.owner, made.url, made.dataset) == ("me", url, None)
    assert told.count(made.secret) == 1
    for shown in (SUBSCRIPTIONS, f"{SUBSCRIPTIONS}{made.pk}/change/"):
        assert made.secret not in page(staff, shown)
    assert made.secret not in page(staff, f"{SUBSCRIPTIONS}{made.pk}/history/")


def test_the_query_of_an_address_is_in_no_list(staff: Client) -> None:
    send(staff, f"{SUBSCRIPTIONS}add/", owner="me", url="http://127.0.0.1/h?k=s3cret")

    shown = page(staff, SUBSCRIPTIONS)

    assert "http://127.0.0.1/h" in shown
    assert "s3cret" not in shown


def test_a_subscription_to_one_dataset(client: Client, staff: Client) -> None:
    uploaded(client, spec_of())
    dataset = Dataset.objects.get()
    form = {"owner": "me", "url": "http://127.0.0.1/", "dataset": dataset.pk}

    send(staff, f"{SUBSCRIPTIONS}add/", **form, only_failures="on")

    made = Subscription.objects.get()
    assert (made.dataset, made.only_failures) == (dataset, True)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"owner": "me", "url": "http://10.0.0.1/"}, "not allowed"),
        ({"owner": "me", "url": "ftp://127.0.0.1/"}, "neither http nor https"),
        ({"owner": "me", "url": ""}, "required"),
        ({"owner": "", "url": "http://127.0.0.1/"}, "required"),
        ({"owner": "you", "url": "http://127.0.0.1/", "dataset": "its"}, "not a data"),
    ],
)
def test_a_subscription_that_cannot_work_is_not_added(
    client: Client, staff: Client, form: dict[str, Any], said: str
) -> None:
    uploaded(client, spec_of())
    if "dataset" in form:
        form = {**form, "dataset": Dataset.objects.get().pk}

    told = send(staff, f"{SUBSCRIPTIONS}add/", **form)

    assert said in told
    assert not Subscription.objects.exists()


def test_a_subscription_may_move_to_another_address(
    staff: Client, sources: Sources
) -> None:
    one = subscribed(sources)
    change = f"{SUBSCRIPTIONS}{one.pk}/change/"

    assert "not allowed" in send(staff, change, url="http://10.0.0.1/")
    send(staff, change, url="http://127.0.0.1/new", owner="you")

    moved = Subscription.objects.get()
    assert (moved.url, moved.owner) == ("http://127.0.0.1/new", "me")
    assert moved.secret == one.secret


def test_a_new_secret_is_shown_once(staff: Client, sources: Sources) -> None:
    one = subscribed(sources)

    told = act(staff, SUBSCRIPTIONS, "rotate", one)

    rotated = Subscription.objects.get()
    assert rotated.old_secret == one.secret != rotated.secret
    assert rotated.secret in told
    assert one.secret not in told
    assert rotated.secret not in page(staff, SUBSCRIPTIONS)


def test_staff_disables_and_enables(staff: Client, sources: Sources) -> None:
    one = subscribed(sources)

    act(staff, SUBSCRIPTIONS, "disable", one)
    assert Subscription.objects.get().disabled_at
    act(staff, SUBSCRIPTIONS, "enable", one)

    assert Subscription.objects.get().disabled_at is None


def test_deliveries_are_listed_with_state_status_attempts_and_answer(
    client: Client, staff: Client, sources: Sources
) -> None:
    busy = ok(b"", status="503 Service Unavailable")
    subscribed(sources, busy, busy, ok(b"thanks a lot", status="202 Accepted"))
    run_to_end(client, spec_of())

    row = page(staff, DELIVERIES)

    for cell in ("me/id/1", "Succeeded", ">202<", ">3<", "thanks a lot", ">OK<"):
        assert cell in row
    assert str(Job.objects.get(kind="registry.event").pk) in row
    assert "me/id/1" in page(staff, f"{DELIVERIES}{delivery().pk}/change/")


def test_a_delivery_shows_why_it_failed(
    client: Client, staff: Client, sources: Sources
) -> None:
    subscribed(sources, ok(b"who are you?", status="403 Forbidden"))
    run_to_end(client, spec_of())

    told = page(staff, f"{DELIVERIES}{delivery().pk}/change/")

    for part in ("Failed", "403", "who are you?", "answered with status 403"):
        assert part in told


def test_a_delivery_is_replayed(
    client: Client, staff: Client, sources: Sources
) -> None:
    subscribed(sources)
    run_to_end(client, spec_of())

    told = act(staff, DELIVERIES, "replay", delivery())
    run_jobs()

    assert "On their way: 1." in told
    assert len(sources.seen["/hook"]) == EventDelivery.objects.count() == 2


def test_what_others_wrote_is_escaped(
    client: Client, staff: Client, sources: Sources
) -> None:
    one = subscribed(sources, ok(EVIL, status="400 Bad Request"))
    spec = spec_of()
    spec["meta"]["owner"] = EVIL.decode()
    run_to_end(client, spec)
    Subscription.objects.update(url=f"{one.url}?{EVIL.decode()}", owner=EVIL.decode())

    rotated = act(staff, SUBSCRIPTIONS, "rotate", one)

    pages = [
        page(staff, url)
        for url in (
            SUBSCRIPTIONS,
            f"{SUBSCRIPTIONS}{one.pk}/change/",
            DELIVERIES,
            f"{DELIVERIES}{delivery().pk}/change/",
        )
    ]
    for text in (*pages, rotated):
        assert EVIL.decode() not in text
    assert "&lt;script&gt;alert(1)" in pages[2]


def test_a_list_of_many_deliveries_asks_as_often_as_one_of_few(
    client: Client, staff: Client, sources: Sources, django_assert_max_num_queries: Any
) -> None:
    for number in range(10):
        subscribed(sources, path=f"/hook-{number}")
    run_to_end(client, spec_of())
    run_to_end(client, spec_of())

    with django_assert_max_num_queries(9):
        page(staff, DELIVERIES)


def test_deliveries_are_neither_added_nor_changed(
    client: Client, staff: Client, sources: Sources
) -> None:
    subscribed(sources)
    run_to_end(client, spec_of())
    change = f"{DELIVERIES}{delivery().pk}/change/"

    assert staff.get(f"{DELIVERIES}add/").status_code == 403
    assert staff.post(change, {"answer": "forged"}).status_code == 403


@pytest.mark.parametrize(
    ("url", "actions", "view"),
    [
        (SUBSCRIPTIONS, ("rotate", "disable", "enable"), "view_subscription"),
        (DELIVERIES, ("replay",), "view_eventdelivery"),
    ],
)
def test_who_may_only_look_has_no_actions(
    client: Client, sources: Sources, url: str, actions: tuple[str, ...], view: str
) -> None:
    one = subscribed(sources)
    run_to_end(client, spec_of())
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename=view))
    client.force_login(viewer)

    for action in actions:
        row: Any = one if url == SUBSCRIPTIONS else delivery()
        act(client, url, action, row)

    same = Subscription.objects.get()
    assert (same.secret, same.disabled_at) == (one.secret, None)
    assert EventDelivery.objects.count() == 1
