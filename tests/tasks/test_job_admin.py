"""Jobs in the admin: found, read with their logs, stopped, started, and their links."""

from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from tasks import operated_admin
from tasks.engine import clock
from tasks.engine.moves import EventKind, note
from tasks.models import Artifact, Task
from tasks.roles import Role
from tasks.states import JobState
from tests.support.jobs import a_job, a_job_in, fresh
from tests.support.staff import act, page, signed_in

LIST = "/admin/tasks/job/"
EVIL = "<script>alert(1)</script>"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _static(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_USE_FINDERS = False


def of(job: object) -> str:
    return f"{LIST}{getattr(job, 'pk', '')}/change/"


def buttons(text: str) -> list[str]:
    return [
        name
        for name in ("cancel_jobs", "retry_jobs", "run_now")
        if f'name="action" value="{name}"' in text
    ]


def test_the_log_tells_what_happened_newest_first_as_text() -> None:
    job = a_job()
    note(job, EventKind.CLAIMED, worker="vm/b/1/77/5", fence=1)
    note(job, EventKind.RETRY, code="http_503", message=EVIL, wait_s=2)
    note(job, EventKind.ERROR, code="bug", message="It broke.", traceback="line 3")

    text = page(signed_in(Role.VIEWER), of(job))

    assert EVIL not in text
    parts = ["It broke. (code: bug)\nline 3", "(code: http_503, wait_s: 2)"]
    places = [text.index(part) for part in [*parts, "by vm, pid 77"]]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (JobState.QUEUED, ["cancel_jobs", "run_now"]),
        (JobState.INPROGRESS, ["cancel_jobs"]),
        (JobState.SUCCEEDED, []),
        (JobState.FAILED, ["retry_jobs"]),
        (JobState.CANCELLED, ["retry_jobs"]),
    ],
)
def test_a_page_offers_what_makes_sense_for_the_jobs_state(
    state: JobState, offered: list[str]
) -> None:
    job = a_job_in(state)

    text = page(signed_in(Role.OPERATOR), of(job))

    assert buttons(text) == offered
    ended = state not in {JobState.QUEUED, JobState.INPROGRESS}
    assert ("data-live-ends" in text) is ended


def test_a_button_does_it_and_leads_back_to_the_page() -> None:
    job = a_job_in(JobState.FAILED)
    staff = signed_in(Role.OPERATOR)

    reply = staff.post(
        LIST,
        {"action": "retry_jobs", "_selected_action": str(job.pk), "back": "yes"},
        follow=True,
    )

    assert reply.redirect_chain == [(of(job), 302)]
    assert "Queued again: 1." in reply.content.decode()
    assert fresh(job).state == JobState.QUEUED


def test_chosen_jobs_are_cancelled_and_the_others_say_why_not() -> None:
    waiting, done = a_job(), a_job_in(JobState.SUCCEEDED)

    text = act(signed_in(Role.OPERATOR), LIST, "cancel_jobs", waiting, done)

    assert "Asked to stop: 1." in text
    assert f"Not done: {done}: " in text
    assert fresh(waiting).state == JobState.CANCELLED


def test_a_job_that_waits_for_its_next_try_is_run_now() -> None:
    later = clock.now() + timedelta(hours=1)
    job, runs = a_job(due_at=later), a_job_in(JobState.INPROGRESS)

    text = act(signed_in(Role.OPERATOR), LIST, "run_now", job, runs)

    assert "Due now: 1." in text
    assert f"Not done: {runs} is inprogress: it waits for nothing." in text.replace(
        f"{runs}: {runs}", f"{runs}"
    )
    due_at = fresh(job).due_at
    assert due_at is not None
    assert due_at < later


def test_of_very_many_some_are_moved_and_the_rest_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(operated_admin, "MOST_AT_ONCE", 2)
    jobs = [a_job() for _ in range(4)]

    text = act(signed_in(Role.OPERATOR), LIST, "cancel_jobs", *jobs)

    assert "Asked to stop: 2." in text
    assert "Not done: more than 2 at once." in text
    states = sorted(fresh(job).state for job in jobs)
    assert states == ["cancelled", "cancelled", "queued", "queued"]


def test_many_reasons_are_told_once() -> None:
    done = [a_job_in(JobState.SUCCEEDED) for _ in range(15)]

    text = act(signed_in(Role.OPERATOR), LIST, "cancel_jobs", *done)

    assert text.count('<li class="warning">') == 11
    assert "Not done: 5 more, for reasons like these." in text


def test_a_viewer_sees_the_page_and_no_button_and_can_do_nothing() -> None:
    job = a_job()
    staff = signed_in(Role.VIEWER)

    assert buttons(page(staff, of(job))) == []
    act(staff, LIST, "cancel_jobs", job)

    assert fresh(job).state == JobState.QUEUED


def test_a_job_leads_to_all_that_belongs_to_it() -> None:
    job = a_job()
    task = Task.objects.create(client=job.client, processor="archive", process_job=job)
    file = Artifact.objects.create(
        digest="d" * 64, size_bytes=1, name="a.zip", media_type="x/y", job=job
    )

    text = page(signed_in(Role.VIEWER), of(job))

    assert f'<a href="/admin/tasks/task/{task.pk}/change/">' in text
    assert f'<a href="/admin/tasks/artifact/{file.pk}/change/">' in text
    assert f'<a href="/admin/tasks/client/{job.client_id}/change/">' in text


def test_a_file_and_a_client_lead_back() -> None:
    job = a_job()
    file = Artifact.objects.create(
        digest="d" * 64, size_bytes=1, name="a.zip", media_type="x/y", job=job
    )
    task = Task.objects.create(client=job.client, processor="archive", result=file)
    staff = signed_in(Role.VIEWER)

    of_file = page(staff, f"/admin/tasks/artifact/{file.pk}/change/")
    of_client = page(staff, f"/admin/tasks/client/{job.client_id}/change/")

    assert of(job) in of_file
    assert f"/admin/tasks/task/{task.pk}/change/" in of_file
    assert f'href="/admin/tasks/job/?client__id__exact={job.client_id}"' in of_client
    assert str(job.pk) in page(staff, f"{LIST}?client__id__exact={job.client_id}")


def test_jobs_are_found_by_kind_and_by_the_codes_of_the_latest_failures() -> None:
    at = clock.now()
    bad = a_job_in(
        JobState.FAILED, kind="exports.export", error_code="http_404", finished_at=at
    )
    other = a_job("tasks.collect")
    staff = signed_in(Role.VIEWER)

    assert "?error_code=http_404" in page(staff, LIST)
    for query in ("error_code=http_404", "kind=exports.export"):
        text = page(staff, f"{LIST}?{query}")
        assert (str(bad.pk) in text, str(other.pk) in text) == (True, False)
