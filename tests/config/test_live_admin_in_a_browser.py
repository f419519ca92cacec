"""The admin as Chromium shows it: it moves, it mends, and anybody can use it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from registry import tokens
from registry.models import Revision
from registry.states import RunState
from tasks.dashboard import board
from tasks.engine.moves import EventKind, note
from tasks.models import Job
from tasks.states import JobState
from tests.support.browser import BROWSER, Tab, tab_at
from tests.support.exporting import closed_world
from tests.support.jobs import a_job, a_job_in, put
from tests.support.many import fill
from tests.support.sources import Sources
from tests.support.specstore import public_key, run_jobs, spec_of, table, uploaded

PHONE = {"width": 390, "height": 844}
DARK = {"dark": True}

# While a tab is open its thread runs an event loop: rows are made before it and
# looked at after.
pytestmark = [*BROWSER, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _world(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    settings.STATIC_ROOT = tmp_path
    settings.AUTH_SERVER = ""
    settings.AUTH_PUBLIC_KEY = public_key()
    settings.DASHBOARD_PANELS = dict.fromkeys(settings.DASHBOARD_PANELS, 0.0)
    monkeypatch.setattr(tokens, "public_key", tokens.PublicKey())
    User.objects.create_superuser("staff", password="open sesame")
    board.forget()
    with closed_world(tmp_path):
        yield
    board.forget()


@pytest.fixture
def chromium(request: pytest.FixtureRequest) -> Any:
    """Return what opens a tab at a server of the test's own."""
    server: LiveServer = request.getfixturevalue("live_server")
    return partial(tab_at, server.url)


def signed_in(tab: Tab) -> Tab:
    tab.open("/admin/login/?next=/admin/")
    tab.page.fill("#id_username", "staff")
    tab.page.fill("#id_password", "open sesame")
    tab.page.click("[type=submit]")
    tab.page.wait_for_selector("#panel-now")
    return tab


def test_a_failing_revision_is_found_its_log_read_and_it_is_retried(
    client: Client, sources: Sources, chromium: Any
) -> None:
    url = sources.fails("/t.csv", "404 Not Found")
    uploaded(client, spec_of(table("t", url, "a:string")))
    run_jobs()
    sources.put("/t.csv", b"a\n1\n")

    with chromium() as opened:
        page = signed_in(opened).page
        page.click("#panel-revisions a:text('me/id/1')")
        assert page.inner_text(".field-shown_state .readonly") == "Failed"
        page.click("#pipelines-group a:text('registry.pipeline')")
        page.fill("[aria-label='Search the log']", "404")
        lines = page.locator(".log-line:visible")
        assert "404" in lines.first.inner_text()
        assert lines.count() < page.locator(".log-line").count()
        page.go_back()
        page.click("button:text('Retry')")
        page.wait_for_selector("text=Queued again: 1.")
        assert page.inner_text(".field-shown_state .readonly") != "Failed"
        troubles = opened.troubles

    run_jobs()
    assert Revision.objects.get().state == RunState.SUCCEEDED
    assert troubles == []


def test_pages_move_while_somebody_looks(chromium: Any, monkeypatch: Any) -> None:
    job = a_job(kind="exports.export")
    with chromium() as opened:
        page = signed_in(opened).page
        queued = page.locator("#panel-now .tiles li:has-text('Queued') .tile-value")
        assert queued.inner_text() == "1"
        page.click("#panel-day summary")
        _in_a_thread(a_job)
        expect(queued).to_have_text("2", timeout=20_000)
        assert page.locator("#panel-day details[open]").count() == 1

        opened.open(f"/admin/tasks/job/{job.pk}/change/")
        _in_a_thread(_ends, job)
        page.wait_for_selector(".field-shown_state .is-succeeded")
        page.wait_for_selector(".log-line:has-text('the very last line')")
        page.wait_for_selector("button:text('Cancel')", state="detached")
        page.wait_for_selector(".live-state", state="hidden")
        troubles = opened.troubles

    assert troubles == []


def _ends(job: Job) -> None:
    note(job, EventKind.NOTE, text="the very last line")
    put(job, state=JobState.SUCCEEDED, due_at=None)


def _in_a_thread(act: Any, *words: Any) -> None:
    """Touch rows although this thread has an event loop."""
    thread = Thread(target=act, args=words)
    thread.start()
    thread.join()


@pytest.mark.parametrize("screen", [{}, DARK, PHONE], ids=["light", "dark", "phone"])
def test_no_page_keeps_anybody_out(screen: dict[str, Any], chromium: Any) -> None:
    fill(60)
    job = a_job_in(JobState.FAILED, error="It broke.")
    note(job, EventKind.ERROR, code="bug", message="It broke.")
    revision = Revision.objects.filter(state=RunState.FAILED).first()
    assert revision

    found = {}
    with chromium(**screen) as opened:
        opened.open("/admin/login/")
        found["login"] = opened.unfit()
        signed_in(opened)
        found["dashboard"] = opened.unfit()
        for path in (
            "/admin/tasks/job/",
            f"/admin/tasks/job/{job.pk}/change/",
            f"/admin/registry/revision/{revision.pk}/change/",
        ):
            opened.open(path)
            found[path] = opened.unfit()

    assert {name: problems for name, problems in found.items() if problems} == {}
    assert opened.troubles == []
    assert opened.elsewhere == []


def test_a_phone_shows_the_dashboard_without_scrolling_sideways(chromium: Any) -> None:
    fill(60)

    with chromium(**PHONE) as opened:
        page = signed_in(opened).page
        overflow = opened.overflow
        narrow = page.locator("#panel-now").bounding_box()

    assert overflow == 0
    assert narrow
    assert narrow["width"] > 340


def test_the_dark_is_dark(chromium: Any) -> None:
    with chromium(**DARK) as opened:
        page = signed_in(opened).page
        ground = page.evaluate(
            "getComputedStyle(document.querySelector('#panel-now')).backgroundColor"
        )

    assert ground == "rgb(25, 33, 34)"
