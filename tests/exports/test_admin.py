"""Exports in the admin: found, read and cancelled, whatever is in them."""

import re
from pathlib import Path

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from exports import services
from exports.models import ExportTask
from exports.request import Configuration, Input
from tasks.states import JobState
from tests.support.jobs import a_client, put

LIST = "/admin/exports/exporttask/"
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


def started(
    name: str = "alice", file_type: str = "csv", url: str = "http://a.example/"
) -> ExportTask:
    client = a_client(name)
    services.save_inputs(client=client, inputs=[Input(name=EVIL)])
    whole = {"file_type": file_type, "source_url": url}
    services.configure(client=client, configuration=Configuration.model_validate(whole))
    return services.start(client=client)


def page(staff: Client, url: str) -> str:
    reply = staff.get(url)
    assert reply.status_code == 200
    return reply.content.decode()


def test_the_list_costs_the_same_for_one_export_and_for_fifty(
    staff: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(50):
        started(f"client-{number % 5}")

    with django_assert_max_num_queries(8):
        shown = page(staff, LIST)

    assert shown.count("client-3") >= 10


def test_exports_are_found_by_state_file_type_and_client(staff: Client) -> None:
    failed, other = started("alice"), started("bob", file_type="xlsx")
    put(failed.job, state=JobState.FAILED, due_at=None, error_code="bad_status")

    for query in ("job__state=failed", "file_type=csv", "q=alice", f"q={failed.pk}"):
        shown = page(staff, f"{LIST}?{query}")

        assert failed.pk in shown
        assert other.pk not in shown


def test_an_export_is_shown_with_its_job_and_its_error_escaped(staff: Client) -> None:
    task = started()
    put(task.job, error=EVIL, state=JobState.FAILED, due_at=None)

    shown = page(staff, f"{LIST}{quote(task.pk)}/change/")

    assert f"/admin/tasks/job/{task.job_id}/change/" in shown
    assert EVIL not in shown


def test_the_query_of_a_source_is_not_shown(staff: Client) -> None:
    task = started(url="http://a.example/rows.csv?token=s3cret")

    shown = page(staff, f"{LIST}{quote(task.pk)}/change/")

    assert "http://a.example/rows.csv" in shown
    assert "s3cret" not in shown


def test_the_list_links_to_each_export_whatever_its_id(staff: Client) -> None:
    task = started()
    ExportTask.objects.filter(pk=task.pk).update(id="task_" + "24" * 16)

    shown = page(staff, LIST)

    [url] = re.findall(rf'href="({LIST}[^"]*/change/[^"]*)"', shown)
    assert "task_" + "24" * 16 in page(staff, url)


def test_staff_may_cancel_exports(staff: Client) -> None:
    first, second, ended = started(), started(), started()
    put(ended.job, state=JobState.SUCCEEDED, due_at=None)
    chosen = [task.pk for task in (first, second, ended)]

    reply = staff.post(
        LIST, {"action": "cancel_jobs", "_selected_action": chosen}, follow=True
    )

    told = reply.content.decode()
    assert "Asked to stop: 2." in told
    assert f"Not done: {ended.pk}: it has ended." in told
    states = {task.pk: task.job.state for task in ExportTask.objects.all()}
    assert states == {
        first.pk: "cancelled",
        second.pk: "cancelled",
        ended.pk: "succeeded",
    }


def test_staff_who_may_only_look_cannot_cancel(client: Client) -> None:
    task = started()
    user = User.objects.create_user("reader", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_exporttask"))
    client.force_login(user)

    client.post(LIST, {"action": "cancel_jobs", "_selected_action": [task.pk]})

    assert ExportTask.objects.get().job.state == JobState.QUEUED


def test_nobody_adds_changes_or_deletes_exports(staff: Client) -> None:
    task = started()

    assert staff.get(f"{LIST}add/").status_code == 403
    assert (
        staff.post(f"{LIST}{quote(task.pk)}/delete/", {"post": "yes"}).status_code
        == 403
    )
    assert (
        staff.post(f"{LIST}{quote(task.pk)}/change/", {"client": 1}).status_code == 403
    )
