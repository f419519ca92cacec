"""The scratch folders of claims: cleared once nobody holds them, and not before."""

from pathlib import Path
from time import time

import pytest

from tasks.engine import sweep
from tasks.engine.run import Run
from tasks.models import Job
from tasks.states import JobState
from tests.support.jobs import NO_JOB, a_job, claimed, lose, put

pytestmark = pytest.mark.django_db
LATER_S = 3600.0


def scratch_of(job: Job, root: Path) -> Path:
    folder = root / str(job.pk) / str(job.fence)
    folder.mkdir(parents=True)
    (folder / "draft").write_text("half done")
    return folder


def test_the_folder_of_a_lost_claim_is_cleared(engine: Path) -> None:
    lost = lose(claimed(a_job()))
    scratch_of(lost, engine)
    again = claimed(lost)
    held = scratch_of(again, engine)

    assert sweep.clear_scratch(now_s=time() + LATER_S) == 1

    assert list(held.parent.iterdir()) == [held]


def test_the_folders_of_ended_jobs_are_cleared_with_their_parents(engine: Path) -> None:
    job = claimed(a_job())
    scratch_of(job, engine)
    put(job, state=JobState.FAILED, due_at=None)

    for _ in range(2):
        sweep.clear_scratch(now_s=time() + LATER_S)

    assert list(engine.iterdir()) == []


def test_a_fresh_folder_is_left_alone(engine: Path) -> None:
    folder = scratch_of(a_job(), engine)

    assert sweep.clear_scratch(now_s=time()) == 0
    assert folder.exists()


def test_what_is_not_ours_is_left_alone(engine: Path) -> None:
    (engine / "not-a-job" / "1").mkdir(parents=True)
    (engine / "a-file").write_text("x")
    (engine / str(NO_JOB) / "not-a-fence").mkdir(parents=True)

    assert sweep.clear_scratch(now_s=time() + LATER_S) == 0

    assert len(list(engine.rglob("*"))) == 5


def test_without_any_scratch_there_is_nothing_to_clear() -> None:
    assert sweep.clear_scratch(now_s=time()) == 0


def test_a_suspended_run_keeps_its_folder(engine: Path) -> None:
    run = Run(claimed(a_job("test.whole", params={"steps": 2})))
    run.advance(until=0.0)

    assert sweep.clear_scratch(now_s=time() + LATER_S) == 0

    assert len(list(engine.rglob("draft-0"))) == 1
    run.end()
