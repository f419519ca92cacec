"""What is secret is never in clear: in replies, in the log, in the database."""

import json
import logging
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from exports import services
from exports.models import ExportTask, SavedConfiguration
from exports.services import load_request
from tasks.errors import SealBroken
from tests.support.fetchtozip import ask, ended, started, task_of

MARKS = ("marker-header", "marker-user", "marker-password")
SECRETS: dict[str, Any] = {
    "headers": {"X-Key": MARKS[0]},
    "auth": {"type": "basic", "username": MARKS[1], "password": MARKS[2]},
}

pytestmark = pytest.mark.django_db(transaction=True)


def all_text() -> str:
    """Return every row of every table as text."""
    rows = [
        list(model._default_manager.values_list())
        for model in apps.get_models()
        if model._meta.managed
    ]
    return json.dumps(rows, default=str)


def test_no_reply_no_log_and_no_row_has_them(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    echo = ask(client, "POST", "configure", {"file_type": "csv", **SECRETS})
    task_id = ended(client, **SECRETS)
    broken = started(client, **SECRETS)
    replies = [
        echo.body,
        *(ask(client, "GET", f"status/{one}").body for one in (task_id, broken)),
        ask(client, "GET", f"download/{task_id}").body,
        ask(client, "DELETE", f"cancel/{broken}").body,
        ask(client, "POST", "start").body,
    ]

    everywhere = str(replies) + all_text() + caplog.text
    assert task_id in everywhere
    for mark in MARKS:
        assert mark not in everywhere


def test_staff_do_not_see_them(client: Client) -> None:
    task_id = ended(client, **SECRETS)
    sealed = task_of(task_id).sealed
    client.force_login(User.objects.create_superuser("staff", password="x"))

    for path in (
        "/admin/exports/exporttask/",
        f"/admin/exports/exporttask/{quote(task_id)}/change/",
        f"/admin/tasks/job/{task_of(task_id).job_id}/change/",
    ):
        reply = client.get(path)

        page = reply.content.decode()
        assert (reply.status_code, reply.headers.get("Location")) == (200, None), path
        assert task_id in page
        assert sealed not in page
        assert not any(mark in page for mark in MARKS)


def test_the_worker_gets_them(client: Client) -> None:
    task_id = started(client, **SECRETS)

    wanted = load_request(task_of(task_id)).configuration

    assert wanted.headers == SECRETS["headers"]
    assert wanted.auth is not None
    assert wanted.auth.model_dump() == SECRETS["auth"]


def test_without_secrets_nothing_is_sealed(client: Client) -> None:
    task_id = started(client, headers=None)

    assert task_of(task_id).sealed == SavedConfiguration.objects.get().sealed == ""


def test_a_new_secret_key_reads_what_the_one_before_sealed(
    client: Client, settings: Settings
) -> None:
    task_id = started(client, **SECRETS)
    before, settings.SECRET_KEY = settings.SECRET_KEY, "another-" * 8
    settings.SECRET_KEY_FALLBACKS = [before]

    wanted = load_request(task_of(task_id)).configuration

    assert wanted.headers == SECRETS["headers"]


def test_with_another_key_the_reason_is_told(
    client: Client, settings: Settings
) -> None:
    task_id = started(client, **SECRETS)
    settings.SECRET_KEY = "another-" * 8

    with pytest.raises(SealBroken, match="Send the secret again"):
        services.load_request(ExportTask.objects.get(pk=task_id))
