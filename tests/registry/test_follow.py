"""How pipelines follow their jobs, and a revision its pipelines (contract 3.1.6)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from registry import follow
from registry.models import Pipeline, Revision
from registry.states import RunState, revision_state
from tasks import services
from tasks.engine import shift
from tasks.models import Artifact, Job, JobEvent
from tasks.states import JobState
from tests.support.sources import Sources, csv_of
from tests.support.specstore import (
    Json,
    revision_of,
    run_jobs,
    run_to_end,
    spec_of,
    states_of,
    table,
    uploaded,
)
from tests.tasks.outbound.servers import ok

QUEUED, INPROGRESS = RunState.QUEUED, RunState.INPROGRESS
SUCCEEDED, FAILED = RunState.SUCCEEDED, RunState.FAILED
GOOD = b"n,m\n1,x\n2,y\n"


def follows(id_: str) -> list[str]:
    sentence = (
        "Dependency unsuccessful. Cannot run until dependency "
        f'"{id_}" is successfullyexecuted'
    )
    return [sentence]


@pytest.mark.parametrize(
    ("pipelines", "revision"),
    [
        ([INPROGRESS], INPROGRESS),
        ([INPROGRESS, FAILED, SUCCEEDED, QUEUED], INPROGRESS),
        ([QUEUED], QUEUED),
        ([QUEUED, QUEUED], QUEUED),
        ([QUEUED, SUCCEEDED], INPROGRESS),
        ([QUEUED, FAILED], INPROGRESS),
        ([SUCCEEDED, FAILED], FAILED),
        ([FAILED], FAILED),
        ([SUCCEEDED, SUCCEEDED], SUCCEEDED),
    ],
)
def test_a_revisions_state_comes_from_its_pipelines(
    pipelines: list[RunState], revision: RunState
) -> None:
    assert revision_state(pipelines) == revision


pytest_db = pytest.mark.django_db(transaction=True)


def run_one() -> None:
    """Run a single due job, and leave the rest as it is."""
    later = timezone.now() + timedelta(hours=1)
    first = Job.objects.filter(state=JobState.QUEUED).in_order().first()
    assert first
    Job.objects.filter(state=JobState.QUEUED).exclude(pk=first.pk).update(due_at=later)
    shift.answer()


@contextmanager
def closing_shift() -> Iterator[shift.Shift]:
    begun = shift.Shift()
    try:
        yield begun
    finally:
        begun.end()


def retry(pipeline_id: str) -> None:
    job = Pipeline.objects.get(pipeline_id=pipeline_id).job
    assert job
    services.retry(job)


def errors_of(revision: Json) -> dict[str, Any]:
    prefix = revision["id"]
    return {
        id_.removeprefix(prefix).lstrip("/"): one["error_log"]
        for id_, one in revision["pipelines"].items()
        if one["error_log"]
    }


@pytest_db
def test_a_pipeline_is_heard_of_when_its_job_begins(
    client: Client, sources: Sources
) -> None:
    uploaded(client, spec_of(table("a", sources.put("/a.csv", GOOD), "n", "m")))
    assert states_of(revision_of(client, "me/id/1")) == {}

    with closing_shift() as begun:
        begun._take()
        revision = revision_of(client, "me/id/1")

    assert revision["state"] == "INPROGRESS"
    assert states_of(revision) == {"a": "INPROGRESS"}


@pytest_db
def test_a_copy_that_fails_fails_all_that_needs_it_and_nothing_else(
    client: Client, sources: Sources
) -> None:
    good = table("good", sources.put("/good.csv", GOOD), "n", "m")
    bad = table("bad", sources.fails("/bad.csv", "404 Not Found"), "n", "m")

    revision = run_to_end(client, spec_of(good, bad))

    assert revision["state"] == "FAILED"
    assert states_of(revision) == {
        "validation_report": "FAILED",
        "good_csv": "SUCCEEDED",
        "bad_csv": "FAILED",
        "good_json": "SUCCEEDED",
        "bad_json": "FAILED",
        "id_zip": "FAILED",
        "good_csv_preview": "SUCCEEDED",
        "bad_csv_preview": "FAILED",
        "good": "SUCCEEDED",
        "bad": "FAILED",
        "": "FAILED",
    }
    errors = errors_of(revision)
    assert errors["bad_csv"] == errors["bad_json"] == follows("me/id/1/bad")
    assert errors["validation_report"] == follows("me/id/1/bad")
    assert errors["bad_csv_preview"] == follows("me/id/1/bad_csv")
    assert len(errors["id_zip"]) == len(errors[""]) == 1
    assert "successfullyexecuted" in errors["id_zip"][0]
    assert len(revision["error_log"]) == 1
    assert revision["error_log"] == errors["bad"]


@pytest_db
def test_the_cascade_is_seen_whole_or_not_at_all(
    client: Client, sources: Sources
) -> None:
    bad = sources.fails("/bad.csv", "404 Not Found")
    uploaded(client, spec_of(table("a", bad, "n")))

    run_one()

    # One job ran, and the revision is at its end with every pipeline told.
    assert Job.objects.count() == 1
    revision = revision_of(client, "me/id/1")
    assert revision["state"] == "FAILED"
    assert set(states_of(revision).values()) == {"FAILED"}
    assert len(states_of(revision)) == 7


@pytest_db
def test_after_a_retry_all_that_failed_by_it_runs_as_well(
    client: Client, sources: Sources
) -> None:
    sources.act("/a.csv", ok(b"", status="404 Not Found"), ok(GOOD))
    spec = spec_of(table("a", sources.url("/a.csv"), "n", "m"))
    assert run_to_end(client, spec)["state"] == "FAILED"

    retry("me/id/1/a")

    reopened = revision_of(client, "me/id/1")
    assert reopened["state"] == "QUEUED"
    assert reopened["error_log"] == []
    assert set(states_of(reopened).values()) == {"QUEUED"}
    assert errors_of(reopened) == {}
    run_jobs()
    ended = revision_of(client, "me/id/1")
    assert ended["state"] == "SUCCEEDED"
    assert ended["error_log"] == []
    assert set(states_of(ended).values()) == {"SUCCEEDED"}


@pytest_db
def test_a_retry_of_one_failure_leaves_what_another_still_prevents_failed(
    client: Client, sources: Sources
) -> None:
    """A table that cannot be read fails its CSV and its JSON, each by itself."""
    ragged = sources.put("/a.csv", b"n,m\n1\n")
    assert (
        run_to_end(client, spec_of(table("a", ragged, "n", "m")))["state"] == "FAILED"
    )

    retry("me/id/1/a_csv")
    run_jobs()

    revision = revision_of(client, "me/id/1")
    assert revision["state"] == "FAILED"
    assert errors_of(revision)["id_zip"] in (
        follows("me/id/1/a_csv"),
        follows("me/id/1/a_json"),
    )


@pytest_db
def test_a_retry_of_one_of_two_broken_sources_ends_with_the_other(
    client: Client, sources: Sources
) -> None:
    sources.act("/a.csv", ok(b"", status="404 Not Found"), ok(GOOD))
    bad = sources.fails("/b.csv", "404 Not Found")
    tables = [table("a", sources.url("/a.csv"), "n", "m"), table("b", bad, "n")]
    assert run_to_end(client, spec_of(*tables))["state"] == "FAILED"

    retry("me/id/1/a")
    run_jobs()

    revision = revision_of(client, "me/id/1")
    states = states_of(revision)
    assert revision["state"] == "FAILED"
    assert states["a_csv"] == states["a_json"] == states["a_csv_preview"] == "SUCCEEDED"
    assert states["b_csv"] == states["id_zip"] == states[""] == "FAILED"
    assert errors_of(revision)["validation_report"] == follows("me/id/1/b")
    assert revision["error_log"] == errors_of(revision)["b"]


@pytest_db
def test_a_temporary_error_never_moves_a_state_backwards(
    client: Client, sources: Sources
) -> None:
    sources.act("/a.csv", ok(b"", status="503 Service Unavailable"), ok(GOOD))
    uploaded(client, spec_of(table("a", sources.url("/a.csv"), "n", "m")))

    run_one()

    job = Job.objects.get()
    assert (job.state, job.retries) == (JobState.QUEUED, 1)
    waiting = revision_of(client, "me/id/1")
    assert waiting["state"] == "INPROGRESS"
    assert states_of(waiting) == {"a": "INPROGRESS"}
    assert waiting["error_log"] == []
    run_jobs()
    assert revision_of(client, "me/id/1")["state"] == "SUCCEEDED"


@pytest_db
def test_a_cancelled_job_is_a_failed_pipeline(client: Client, sources: Sources) -> None:
    uploaded(client, spec_of(table("a", sources.put("/a.csv", GOOD), "n", "m")))

    services.cancel(Job.objects.get())

    revision = revision_of(client, "me/id/1")
    assert revision["state"] == "FAILED"
    assert revision["error_log"] == ["Cancelled"]
    assert errors_of(revision)["a_csv"] == follows("me/id/1/a")


@pytest_db
def test_a_job_whose_revision_is_gone_still_comes_to_its_end(
    client: Client, sources: Sources
) -> None:
    uploaded(client, spec_of(table("a", sources.put("/a.csv", GOOD), "n", "m")))
    Revision.objects.get().delete()

    run_jobs(may_break=True)

    assert Job.objects.get().state == JobState.FAILED


@pytest_db
def test_the_revisions_log_goes_on_and_keeps_its_last_hundred_lines(
    client: Client,
) -> None:
    uploaded(client, spec_of())
    pipeline = Pipeline.objects.earliest("position")
    lines = [f"line {number}" for number in range(150)]

    with transaction.atomic():
        for part in (lines[:60], lines[60:120], lines[120:]):
            follow.report(pipeline, stats={"bytes": 1}, lines=part, at=timezone.now())

    assert revision_of(client, "me/id/1")["logs"] == lines[50:]


@pytest_db
def test_a_revision_without_resources_has_three_pipelines(client: Client) -> None:
    revision = run_to_end(client, spec_of())

    assert revision["state"] == "SUCCEEDED"
    assert states_of(revision) == {
        "validation_report": "SUCCEEDED",
        "id_zip": "SUCCEEDED",
        "": "SUCCEEDED",
    }


@pytest_db
def test_two_tables_of_one_spec_never_get_in_each_others_way(
    client: Client, sources: Sources
) -> None:
    rows = csv_of([("n", "m"), *((number, "x") for number in range(50))])
    tables = [
        table(f"t{number}", sources.put(f"/{number}.csv", rows), "n:integer", "m")
        for number in range(4)
    ]

    revision = run_to_end(client, spec_of(*tables))

    assert revision["state"] == "SUCCEEDED"
    assert len(revision["pipelines"]) == 4 * 4 + 3 + 4 - 4
    assert not JobEvent.objects.filter(kind=JobEvent.Kind.RETRY).exists()
    assert Artifact.objects.filter(name="datapackage.json").count() == 1
