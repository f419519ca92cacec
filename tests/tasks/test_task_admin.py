"""Tasks in the admin: found, read, restarted, retried and deleted."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from tasks.models import Asset, Page, Phase, Task
from tasks.task_admin import moments
from tests.support.collecting import a_task, announce, collected, fresh, named, run_jobs
from tests.support.common import an_artifact, put_phase
from tests.support.exporting import closed_world
from tests.support.sources import Sources

LIST = "/admin/tasks/task/"
EVIL = "<script>alert(1)</script>"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _world(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_USE_FINDERS = False
    settings.TASK_ASSETS_PER_BATCH = 500
    with closed_world(tmp_path):
        yield


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(
        User.objects.create_superuser("staff", password="x"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def page(staff: Client, url: str) -> str:
    reply = staff.get(url)
    assert reply.status_code == 200
    return reply.content.decode()


def of(task: Task) -> str:
    return f"{LIST}{task.pk}/change/"


def act(staff: Client, action: str, *chosen: Task) -> str:
    told = {"action": action, "_selected_action": [str(one.pk) for one in chosen]}
    reply = staff.post(LIST, told, follow=True)
    assert reply.status_code == 200
    return reply.content.decode()


def test_the_list_costs_the_same_for_one_task_and_for_fifty(
    staff: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(50):
        a_task()

    with django_assert_max_num_queries(9):
        text = page(staff, LIST)

    assert text.count(LIST) >= 50


def test_a_task_is_found_by_its_id(staff: Client) -> None:
    one, other = a_task(), a_task()

    text = page(staff, f"{LIST}?q={one.pk}")

    assert (str(one.pk) in text, str(other.pk) in text) == (True, False)


def test_a_task_shows_its_assets_as_text_and_no_secrets(staff: Client) -> None:
    task = a_task()
    signed = named("http://files.test/a.jpg?sig=s3cret", EVIL, note=EVIL)
    announce(task, signed)

    text = page(staff, of(task))

    assert EVIL not in text
    assert "&lt;script&gt;" in text
    assert "http://files.test/a.jpg" in text
    assert "s3cret" not in text


def test_many_assets_come_in_pages(
    staff: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    task = a_task()
    announce(task, *[f"http://files.test/n{n:03}.jpg" for n in range(250)])

    with django_assert_max_num_queries(12):
        first = page(staff, of(task))
    last = page(staff, f"{of(task)}?assets=3")
    beyond = page(staff, f"{of(task)}?assets=99")
    nonsense = page(staff, f"{of(task)}?assets=x")

    assert ("n099.jpg" in first, "n100.jpg" in first) == (True, False)
    assert ("n199.jpg" in last, "n249.jpg" in last) == (False, True)
    assert "n249.jpg" in beyond
    assert "n000.jpg" in nonsense
    assert "?assets=2" in first


def test_the_timeline_tells_what_happened_in_order(
    staff: Client, sources: Sources
) -> None:
    task = a_task()
    announce(task, sources.put("/a.txt", b"a"), last=True)

    told = [what for _, what in moments(collected(task))]

    assert told[0] == "The task was created"
    assert told[-1] == "It is completed"
    steps = [
        "tasks.collect job: queued",
        "tasks.process job: queued",
        "tasks.collect job: inprogress → succeeded",
        "tasks.process job: inprogress → succeeded",
    ]
    assert [one for one in told if one in steps] == steps
    assert told[1] in page(staff, of(task))


def test_a_task_leads_to_its_jobs_and_their_logs(
    staff: Client, sources: Sources
) -> None:
    task = a_task()
    announce(task, sources.put("/a.txt", b"a"), last=True)
    done = collected(task)
    assert done.process_job_id

    text = page(staff, of(task))

    for job in (done.collect_job_id, done.process_job_id):
        assert f"/admin/tasks/job/{job}/change/" in text
    assert page(staff, f"/admin/tasks/job/{done.process_job_id}/change/")


def test_a_gallery_shows_its_thumbnails(staff: Client) -> None:
    task = a_task(processor="gallery")
    announce(task, "http://files.test/a.jpg", "http://files.test/b.jpg")
    first = an_artifact(b"<p>", "index.html", "text/html")
    put_phase(str(task.pk), Phase.COMPLETED, result=first, result_type="WEBSITE")
    image = an_artifact(b"image", "1.webp", "image/webp")
    Page.objects.create(task=task, path="thumbnails/1.webp", artifact=image)

    text = page(staff, of(task))

    assert text.count('<img src="/results/') == 1
    assert f'src="/results/{task.pk}/thumbnails/1.webp"' in text
    assert f'href="/results/{task.pk}/index.html"' in text


def test_a_completed_task_can_be_made_anew(staff: Client, sources: Sources) -> None:
    task = a_task()
    announce(task, sources.put("/a.txt", b"a"), last=True)
    before = collected(task)

    text = act(staff, "restart_processing", task)

    assert "Started again: 1." in text
    assert fresh(task).phase == Phase.PROCESSING
    run_jobs()
    after = fresh(task)
    assert after.phase == Phase.COMPLETED
    assert after.process_job_id != before.process_job_id


def test_a_task_that_has_not_ended_is_not_restarted(staff: Client) -> None:
    task = a_task()

    text = act(staff, "restart_processing", task)

    assert "It cannot be restarted: the task is CREATED." in text
    assert "Started again" not in text


def test_failed_assets_are_tried_again(staff: Client, sources: Sources) -> None:
    task = a_task(on_failure="stop")
    announce(task, sources.fails("/a.txt", "404 Not Found"), last=True)
    assert collected(task).phase == Phase.FAILED
    sources.put("/a.txt", b"now here")

    text = act(staff, "retry_failed_assets", task)

    assert "Retried: 1." in text
    assert collected(task).phase == Phase.COMPLETED


def test_deleting_stops_the_work_and_is_logged(staff: Client) -> None:
    task = a_task()
    announce(task, "http://files.test/a.jpg")

    text = act(staff, "delete_tasks", task)

    assert "Deleted: 1." in text
    assert not Task.objects.exists()
    assert not Asset.objects.exists()
    assert LogEntry.objects.filter(object_id=str(task.pk)).count() == 1


def test_who_may_only_look_is_offered_no_action(client: Client) -> None:
    reader = User.objects.create_user("reader", password="x", is_staff=True)
    may_look = {"codename": "view_task", "content_type__app_label": "tasks"}
    reader.user_permissions.add(Permission.objects.get(**may_look))
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    task = a_task()

    act(client, "delete_tasks", task)

    assert 'value="delete_tasks"' not in page(client, LIST)
    assert Task.objects.filter(pk=task.pk).exists()


def test_a_waiting_task_says_since_when(staff: Client) -> None:
    task = put_phase(str(a_task().pk), Phase.WAITING)
    task.waiting_since = task.created_at + timedelta(minutes=1)

    assert moments(task)[-1] == (
        task.waiting_since,
        "It waits for more assets, or to be started",
    )


def test_nobody_edits_a_task_by_hand(staff: Client) -> None:
    task = a_task()

    reply = staff.post(of(task), {"phase": "COMPLETED"})

    assert reply.status_code == 403
    assert fresh(task).phase == Phase.CREATED
