"""What must be so after any fault: each thing that is not is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from registry.models import Revision
from tasks.archive.stored import store
from tasks.models import Artifact, Job, JobEvent
from tasks.states import JobState
from tests.support.common import an_artifact
from tests.support.exporting import closed_world
from tests.support.history import a_revision
from tests.support.invariants import broken
from tests.support.jobs import a_job, put, run_slice

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _world(tmp_path: Path) -> Iterator[None]:
    with closed_world(tmp_path):
        yield


def a_done_job() -> Job:
    """Return a job of two steps that has ended as it should."""
    job = a_job("test.steps", params={"steps": 2})
    for name in ("step-0", "step-1", "published"):
        mark(job, name)
    JobEvent.objects.create(
        job=job,
        rev=2,
        at=job.queued_at,
        kind=JobEvent.Kind.MOVED,
        data={"from": "inprogress", "to": "succeeded"},
    )
    return put(job, state=JobState.SUCCEEDED, due_at=None)


def mark(job: Job, name: str) -> None:
    Artifact.objects.create(digest="", size_bytes=0, name=name, media_type="", job=job)


def test_nothing_is_broken_where_all_is_as_it_should_be() -> None:
    a_done_job()
    a_revision(b"n,m\n1,2\n")

    assert broken() == []


def test_a_step_done_twice_is_named() -> None:
    job = a_done_job()
    mark(job, "step-1")

    assert broken() == [f"job {job.pk} has done step-1 2 times"]


def test_a_step_that_was_left_out_is_named() -> None:
    job = a_done_job()
    job.artifacts.filter(name="step-0").delete()

    assert broken() == [f"{job} succeeded without step-0"]


def test_a_job_that_ended_twice_or_never_is_named() -> None:
    job = a_done_job()
    event = job.events.get(kind=JobEvent.Kind.MOVED)
    event.pk = None
    event.save()

    assert broken() == [
        f"job {job.pk} is succeeded, ended 2 times and was redone 0 times"
    ]

    job.events.all().delete()
    assert len(broken()) == 1


def test_work_that_is_left_is_named_where_none_should_be() -> None:
    job = a_job()

    assert broken() == [f"{job} is still queued"]
    assert broken(settled=False) == []


def test_a_revision_that_does_not_agree_with_its_pipelines_is_named() -> None:
    revision = a_revision(b"n,m\n1,2\n")
    revision.pipelines.filter(position=0).update(state="failed")

    [told] = broken()

    assert told.startswith("me/id/1 is succeeded, its pipelines {")
    Revision.objects.update(state="failed")
    assert broken() == []


def test_a_file_that_is_gone_cut_or_another_is_named() -> None:
    made = an_artifact(b"hello", "a.txt", "text/plain")
    path = store().path(made.digest)
    assert path

    path.write_bytes(b"hel")
    assert broken() == [
        f"the file {made.digest[:12]} has 3 of 5 bytes",
        f"the file {made.digest[:12]} is half written, or another",
    ]

    path.write_bytes(b"jello")
    assert broken() == [f"the file {made.digest[:12]} is half written, or another"]

    path.unlink()
    assert broken() == [f"the file {made.digest[:12]} is wanted and not there"]


def test_a_job_that_the_engine_ran_keeps_all_of_it(settings: Settings) -> None:
    ours = {"test.steps": "tests.support.handlers.steps"}
    settings.JOB_HANDLERS = {**settings.JOB_HANDLERS, **ours}

    run_slice(a_job("test.steps", params={"steps": 3}))

    assert broken() == []
