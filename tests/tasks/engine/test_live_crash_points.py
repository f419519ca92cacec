"""A worker killed beside each commit it makes for a job, one after the other."""

from pathlib import Path

import pytest

from tests.support.backends import BACKENDS
from tests.support.crash import DONE
from tests.support.effects import effects, nothing_is_left, once_each
from tests.support.live import Live

pytestmark = pytest.mark.live

STEPS = 3
# A claim, three steps, the success, and the look for a next job.
EDGES = STEPS + 3
MOST_EDGES = 60


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return tmp_path / "plan"


@pytest.fixture
def live(live: Live, plan: Path) -> Live:
    live.environment["CRASH_PLAN"] = str(plan)
    return live


@pytest.mark.parametrize(
    "backend",
    [
        BACKENDS[0],
        *(pytest.param(name, marks=pytest.mark.faults) for name in BACKENDS[1:]),
    ],
    indirect=True,
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_killed_beside_any_commit_harms_nothing(
    live: Live, plan: Path, when: str
) -> None:
    live.start(workers=1)

    reached = [_survives(live, plan, at, when, steps=STEPS) for at in range(1, EDGES)]

    assert all(reached)


@pytest.mark.faults
@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_killed_beside_any_commit_of_a_long_job_harms_nothing(
    live: Live, plan: Path, when: str
) -> None:
    live.start(workers=2)

    for at in range(1, MOST_EDGES):
        if not _survives(live, plan, at, when, steps=20):
            break

    assert at > 20


def _survives(live: Live, plan: Path, at: int, when: str, *, steps: int) -> bool:
    """Run a job through a crash; tell whether there were commits enough for it."""
    plan.write_text(f"{at} {when}")
    job = live.enqueue("test.crash", steps=steps)
    live.succeeded(job)
    assert effects(job) == once_each(steps, "told-succeeded"), f"{when} {at}"
    notes = job.events.filter(kind="note").values_list("data__number", flat=True)
    assert list(notes) == list(range(steps))
    nothing_is_left()
    reached = plan.read_text() == DONE
    plan.unlink()
    return reached
