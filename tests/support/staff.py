"""Staff in tests: signed in, with a role or without."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tasks.dashboard import board
from tasks.roles import Role

PASSWORD_BACKEND = "django.contrib.auth.backends.ModelBackend"


def signed_in(role: Role | None, browser: Client | None = None) -> Client:
    """Return a browser with somebody of a role; None: staff without any."""
    browser = browser or Client()
    user = User.objects.create_user(f"the-{role}", password="x", is_staff=True)
    if role:
        user.groups.add(Group.objects.get(name=role))
    browser.force_login(user, backend=PASSWORD_BACKEND)
    board.forget()
    return browser


def page(staff: Client, url: str) -> str:
    reply = staff.get(url)
    assert reply.status_code == 200, (url, reply.status_code)
    return reply.content.decode()


def act(staff: Client, url: str, action: str, *rows: Any) -> str:
    """Choose rows in a list and an action; return the page that tells what it did."""
    chosen = [str(row.pk) for row in rows]
    told = {"action": action, "_selected_action": chosen}
    reply = staff.post(url, told, follow=True)
    assert reply.status_code == 200
    return reply.content.decode()


@contextmanager
def queries() -> Iterator[list[str]]:
    """Collect the statements that are sent to the database."""
    seen: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield seen
    seen.extend(query["sql"] for query in captured.captured_queries)
