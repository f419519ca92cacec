"""Lists of many rows: counted so far, searched by indexes, gone on with at the end."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from tasks import many_rows
from tasks.engine import clock
from tasks.many_rows import CappedPaginator
from tasks.models import Artifact, Job
from tasks.roles import Role
from tests.support.common import an_artifact
from tests.support.exporting import closed_world
from tests.support.jobs import NO_JOB, a_client, a_job
from tests.support.staff import page, signed_in

JOBS = "/admin/tasks/job/"
ARTIFACTS = "/admin/tasks/artifact/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _static(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_USE_FINDERS = False


def shown(text: str) -> list[str]:
    return re.findall(r'href="/admin/tasks/job/([0-9a-f-]{36})/change/', text)


def test_a_paginator_counts_no_further_than_the_cap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind in ("a", "a", "b", "b"):
        a_job(kind)
    monkeypatch.setattr(many_rows, "MOST_COUNTED", 3)

    capped = CappedPaginator(Job.objects.order_by("pk"), 2)
    whole = CappedPaginator(Job.objects.filter(kind="a").order_by("pk"), 2)

    assert (capped.count, capped.num_pages, capped.is_capped) == (3, 2, True)
    assert (whole.count, whole.is_capped) == (2, False)


def test_after_the_last_page_a_list_goes_on_with_older_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = clock.now()
    jobs = [a_job(queued_at=at - timedelta(seconds=n)) for n in range(7)]
    monkeypatch.setattr(many_rows, "MOST_COUNTED", 4)
    monkeypatch.setattr("tasks.job_admin.JobAdmin.list_per_page", 2)
    staff = signed_in(Role.VIEWER)

    first = page(staff, JOBS)
    last = page(staff, f"{JOBS}?p=2")
    [older] = re.findall(r'<a href="([^"]+)" class="older">', last)
    after = page(staff, JOBS + older.replace("&amp;", "&"))

    assert "more than 4 jobs" in first
    assert 'class="older"' not in first
    assert shown(last) == [str(job.pk) for job in jobs[2:4]]
    # The last one is shown again: another may have been queued at the same time.
    assert shown(after) == [str(job.pk) for job in jobs[3:5]]


def test_a_job_is_found_by_its_id_or_the_beginning_of_its_clients_name() -> None:
    mine, other = a_job(), a_job(client=a_client("bob"))
    staff = signed_in(Role.VIEWER)

    for term in (str(mine.pk), mine.pk.hex, "alice", "ALI", " alice "):
        assert shown(page(staff, f"{JOBS}?q={term}")) == [str(mine.pk)]
    assert shown(page(staff, f"{JOBS}?q=b")) == [str(other.pk)]


@pytest.mark.parametrize("term", ["lice", "%25", "_", str(NO_JOB), "x" * 500])
def test_what_is_nowhere_finds_nothing(term: str) -> None:
    a_job()

    assert shown(page(signed_in(Role.VIEWER), f"{JOBS}?q={term}")) == []


def test_a_file_is_found_by_the_beginning_of_its_hash(tmp_path: Path) -> None:
    with closed_world(tmp_path):
        one, _ = (
            an_artifact(b"a", "a.txt", "text/plain"),
            an_artifact(b"b", "b.txt", "x/y"),
        )
    staff = signed_in(Role.VIEWER)

    for term in (one.digest, one.digest[:8], one.digest[:4].upper()):
        text = page(staff, f"{ARTIFACTS}?q={term}")
        assert ("a.txt" in text, "b.txt" in text) == (True, False)
    assert Artifact.objects.count() == 2


def test_a_file_is_found_by_the_job_that_made_it(tmp_path: Path) -> None:
    job = a_job()
    with closed_world(tmp_path):
        made = an_artifact(b"a", "made.txt", "text/plain")
        an_artifact(b"b", "other.txt", "text/plain")
    Artifact.objects.filter(pk=made.pk).update(job=job)

    text = page(signed_in(Role.VIEWER), f"{ARTIFACTS}?q={job.pk}")

    assert ("made.txt" in text, "other.txt" in text) == (True, False)
