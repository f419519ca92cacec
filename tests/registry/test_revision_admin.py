"""Revisions in the admin: read, retried, cancelled, with links both ways."""

from typing import Any

import pytest
from django.test import Client

from registry.models import Dataset, Pipeline, Revision
from registry.states import RunState
from tasks.models import Job
from tasks.roles import Role
from tasks.states import JobState
from tests.support.sources import Sources
from tests.support.specstore import run_jobs, spec_of, table, uploaded
from tests.support.staff import act, page, signed_in

LIST = "/admin/registry/revision/"
DATASETS = "/admin/registry/dataset/"

pytestmark = pytest.mark.django_db(transaction=True)


def a_failed_revision(client: Client, sources: Sources) -> Revision:
    """Upload what cannot be fetched, and run it to its end."""
    url = sources.fails("/t.csv", "404 Not Found")
    uploaded(client, spec_of(table("t", url, "a:string")))
    run_jobs()
    return Revision.objects.get(state=RunState.FAILED)


def of(row: Any) -> str:
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


def test_a_failed_one_tells_why_and_offers_what_helps(
    client: Client, sources: Sources
) -> None:
    revision = a_failed_revision(client, sources)

    text = page(signed_in(Role.OPERATOR), of(revision))

    assert "404" in text
    assert 'value="retry"' in text
    assert 'value="restore"' in text
    assert 'value="cancel"' not in text
    assert "data-live-ends" in text


def test_what_failed_is_retried_and_what_waited_for_it_follows(
    client: Client, sources: Sources
) -> None:
    revision = a_failed_revision(client, sources)
    sources.put("/t.csv", b"a\n1\n")

    told = act(signed_in(Role.OPERATOR), LIST, "retry", revision)
    run_jobs()

    assert "Queued again: 1." in told
    revision.refresh_from_db()
    assert revision.state == RunState.SUCCEEDED


def test_what_did_not_fail_is_not_retried(client: Client, sources: Sources) -> None:
    uploaded(client, spec_of())
    run_jobs()
    revision = Revision.objects.get()

    told = act(signed_in(Role.OPERATOR), LIST, "retry", revision)

    assert "Not done: me/id/1: none of its pipelines failed by itself." in told


def test_what_waits_is_cancelled_once(client: Client) -> None:
    uploaded(client, spec_of())
    revision, staff = Revision.objects.get(), signed_in(Role.OPERATOR)

    first = act(staff, LIST, "cancel", revision)
    again = act(staff, LIST, "cancel", revision)

    assert "Asked to stop: 1." in first
    assert "Not done: me/id/1: nothing of it waits or runs here." in again
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.CANCELLED}
    revision.refresh_from_db()
    assert revision.state == RunState.FAILED


def test_pages_lead_from_dataset_to_job_and_back(
    client: Client, sources: Sources
) -> None:
    url = sources.put("/t.csv", b"a\n1\n")
    uploaded(client, spec_of(table("t", url, "a:string")))
    run_jobs()
    staff = signed_in(Role.VIEWER)
    revision = Revision.objects.get()
    pipeline = Pipeline.objects.filter(job__artifacts__isnull=False).first()
    assert pipeline
    assert pipeline.job
    artifact = pipeline.job.artifacts.first()
    output = pipeline.outputs.first()
    assert artifact
    assert output

    steps = [
        (Dataset.objects.get(), revision),
        *[
            (revision, row)
            for row in (revision.dataset, pipeline, pipeline.job, artifact)
        ],
        *[(pipeline, row) for row in (revision, pipeline.job)],
        *[(pipeline.job, row) for row in (pipeline, artifact, revision.dataset.client)],
        *[(artifact, row) for row in (pipeline.job, output)],
        *[(output, row) for row in (revision, pipeline, artifact)],
    ]
    for start, end in steps:
        assert f'href="{of(end)}' in page(staff, of(start)), (start, end)


def test_a_dataset_is_run_paused_and_resumed_each_once(
    client: Client, sources: Sources
) -> None:
    uploaded(client, spec_of(schedule="every 1h"))
    run_jobs()
    dataset, staff = Dataset.objects.get(), signed_in(Role.OPERATOR)

    assert "Begun: 1." in act(staff, DATASETS, "run_now", dataset)
    assert "still running" in act(staff, DATASETS, "run_now", dataset)
    assert "Paused: 1." in act(staff, DATASETS, "pause", dataset)
    assert "it is paused already" in act(staff, DATASETS, "pause", dataset)
    assert 'value="resume"' in page(staff, of(dataset))
    assert "Resumed: 1." in act(staff, DATASETS, "resume", dataset)
    assert "it is not paused" in act(staff, DATASETS, "resume", dataset)


def test_a_viewer_does_nothing(client: Client, sources: Sources) -> None:
    revision = a_failed_revision(client, sources)
    staff = signed_in(Role.VIEWER)

    assert 'value="retry"' not in page(staff, of(revision))
    act(staff, LIST, "retry", revision)

    revision.refresh_from_db()
    assert revision.state == RunState.FAILED


def test_the_dashboard_leads_to_what_failed_and_what_comes_next(
    client: Client, sources: Sources
) -> None:
    revision = a_failed_revision(client, sources)
    uploaded(client, spec_of(dataset="next", schedule="every 1h"))

    text = page(signed_in(Role.VIEWER), "/admin/")

    assert f'<a href="{of(revision)}">me/id/1</a>' in text
    planned = Dataset.objects.get(name="next")
    assert f'<a href="{of(planned)}">me/next</a>' in text


def test_an_answer_that_is_none_is_shown_as_text(
    client: Client, sources: Sources
) -> None:
    evil = b"<script>alert(1)</script>"
    url = sources.put("/t.json", evil)
    uploaded(client, spec_of(table("t", url, "a:string")))
    run_jobs()

    text = page(signed_in(Role.VIEWER), of(Revision.objects.get()))

    assert evil.decode() not in text
