"""The admin's first page: who sees what, what it costs, and how it moves."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from tasks.dashboard import board
from tasks.engine import clock
from tasks.roles import Role
from tasks.states import JobState
from tests.support.jobs import a_client, a_job, a_job_in
from tests.support.staff import page, signed_in

EVIL = "<script>alert(1)</script>"
TITLES = [
    *("Now", "Last 24 hours", "Last 30 days", "Recent failures", "Failed revisions"),
    *("Workers", "Next refreshes", "Times", "Top clients", "Deliveries", "Store"),
]

pytestmark = pytest.mark.django_db


def titles(text: str) -> list[str]:
    return re.findall(r'<h2 id="panel-[^>]*>([^<]+)</h2>', text)


def test_a_viewer_sees_all_panels_in_the_order_of_the_settings() -> None:
    assert titles(page(signed_in(Role.VIEWER), "/admin/")) == TITLES


def test_an_empty_service_says_that_there_is_nothing() -> None:
    text = page(signed_in(Role.VIEWER), "/admin/")

    for words in (
        *("Nothing runs just now.", "Nothing has failed.", "Nothing is scheduled."),
        *("No job has ended yet.", "Nobody has asked.", "No revision has failed."),
    ):
        assert words in text


def test_staff_without_permissions_see_no_panel() -> None:
    text = page(signed_in(None), "/admin/")

    assert titles(text) == []
    assert "data-live-from" not in text


def test_who_may_see_some_things_sees_their_panels(client: Client) -> None:
    user = User.objects.create_user("dora", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_dataset"))
    client.force_login(user)

    assert titles(page(client, "/admin/")) == ["Next refreshes"]


def test_nobody_else_sees_anything(client: Client) -> None:
    for url in ("/admin/", "/admin/panels"):
        assert client.get(url).status_code == 302


def test_the_panels_come_alone_for_a_page_that_is_open(client: Client) -> None:
    staff = signed_in(Role.VIEWER)
    whole = page(staff, "/admin/")
    assert 'data-live-from="/admin/panels"' in whole

    part = page(staff, "/admin/panels")

    assert titles(part) == TITLES
    assert "<html" not in part
    ids = re.findall(r'<section [^>]*id="([^"]+)" data-live', whole)
    assert ids == re.findall(r'<section [^>]*id="([^"]+)" data-live', part)


def test_what_others_wrote_is_text() -> None:
    a_job_in(
        JobState.FAILED, finished_at=clock.now(), error=EVIL, client=a_client(EVIL)
    )

    text = page(signed_in(Role.VIEWER), "/admin/")

    assert EVIL not in text
    assert "&lt;script&gt;alert(1)" in text


def test_it_needs_no_style_and_no_script_in_the_page() -> None:
    a_job_in(JobState.FAILED, finished_at=clock.now())

    text = page(signed_in(Role.OPERATOR), "/admin/")

    assert "style=" not in text
    assert "<style" not in text
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert not re.search(r"\son\w+=", text)


def test_it_asks_as_often_for_a_hundred_jobs_as_for_none(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    staff = signed_in(Role.VIEWER)
    for number in range(100):
        client = a_client(f"client-{number % 10}")
        a_job_in(JobState.FAILED, finished_at=clock.now(), client=client)
        a_job_in(JobState.INPROGRESS, client=client, lease_owner="vm/b/1/7/5")
        a_job(client=client)

    # PostgreSQL is asked for the time, too.
    clocks = 4 if connection.vendor == "postgresql" else 0
    with django_assert_max_num_queries(42 + clocks):
        page(staff, "/admin/")


def test_a_process_does_not_look_twice_within_some_seconds(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    staff = signed_in(Role.VIEWER)
    page(staff, "/admin/panels")

    with django_assert_max_num_queries(5):  # session, user, permissions
        page(staff, "/admin/panels")


def test_a_panel_is_looked_at_anew_when_its_time_is_over(settings: Settings) -> None:
    settings.DASHBOARD_PANELS = {"tasks.dashboard.panels.now": 0.0}
    board.forget()
    staff = signed_in(Role.VIEWER)
    before = page(staff, "/admin/panels")
    a_job()

    assert page(staff, "/admin/panels") != before
