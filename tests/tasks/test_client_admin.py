"""Clients in the admin: where they may have data delivered to."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from pytest_django import Settings

from tasks.models import Client

ADD = "/admin/tasks/client/add/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _static(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_USE_FINDERS = False


@pytest.fixture
def staff(client: Browser) -> Browser:
    client.force_login(User.objects.create_superuser("staff", password="x"))
    return client


def sent(staff: Browser, url: str, destinations: str) -> str:
    form = {
        "name": "alice",
        "destinations": destinations,
        "identities-TOTAL_FORMS": "0",
        "identities-INITIAL_FORMS": "0",
    }
    reply = staff.post(url, form)
    assert reply.status_code in {200, 302}
    return reply.content.decode()


def test_destinations_are_one_url_in_each_line(staff: Browser) -> None:
    sent(staff, ADD, "http://a.example/in\r\n\r\n  https://b.example/?x=1\r\n")

    client = Client.objects.get()
    assert client.destinations == ["http://a.example/in", "https://b.example/?x=1"]
    shown = staff.get(f"/admin/tasks/client/{client.pk}/change/").content.decode()
    assert "http://a.example/in\nhttps://b.example/?x=1</textarea>" in shown


def test_destinations_can_be_changed_and_taken_away(staff: Browser) -> None:
    client = Client.objects.create(name="alice", destinations=["http://a.example/"])
    url = f"/admin/tasks/client/{client.pk}/change/"

    sent(staff, url, "http://b.example/")
    client.refresh_from_db()
    changed = client.destinations
    sent(staff, url, "")
    client.refresh_from_db()

    assert (changed, client.destinations) == (["http://b.example/"], [])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("ftp://a.example/", "ftp://a.example/ is neither http nor https."),
        ("a.example", "a.example is neither http nor https."),
        ('["http://a.example/"]', "is neither http nor https."),
        ("http://u:p@a.example/", "holds a user name or a password."),
    ],
)
def test_what_is_no_url_is_refused(staff: Browser, given: str, told: str) -> None:
    assert told in sent(staff, ADD, given)
    assert not Client.objects.exists()
