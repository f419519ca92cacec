"""Jobs that take their worker with them, or never let it go."""

import pytest

from tasks.states import JobState
from tests.support.effects import effects, nothing_is_left, once_each
from tests.support.live import Live
from tests.support.marks import everywhere_at_length

pytestmark = pytest.mark.live


@everywhere_at_length
def test_a_job_that_kills_each_worker_fails_in_the_end(live: Live) -> None:
    live.start(workers=1)

    job = live.enqueue("test.dies")

    live.reached(job, JobState.FAILED, within_s=20)
    assert job.error_code == "worker_lost"
    assert job.fence == job.max_attempts
    after = live.enqueue("test.steps", steps=1)
    live.succeeded(after)


@pytest.mark.faults
@everywhere_at_length
def test_a_job_beside_one_that_kills_its_workers_succeeds(live: Live) -> None:
    live.start(workers=2)
    innocent = live.enqueue("test.restarts", lane="good", steps=60, pause_s=0.05)
    live.under_way(innocent)

    poison = live.enqueue("test.dies", lane="bad")

    live.reached(poison, JobState.FAILED, within_s=20)
    assert poison.error_code == "worker_lost"
    live.succeeded(innocent, within_s=20)
    assert effects(innocent) == {"published": 1}
    nothing_is_left()


@pytest.mark.faults
def test_a_step_that_hangs_is_taken_over(live: Live) -> None:
    live.start(workers=2)
    other = live.enqueue("test.steps", lane="other", steps=20, pause_s=0.05)

    job = live.enqueue("test.stuck", limit_s=0.5)

    live.succeeded(job, within_s=30)
    assert effects(job) == {"published": 1}
    live.succeeded(other)
    assert effects(other) == once_each(20)


@pytest.mark.faults
def test_jobs_held_by_the_very_worker_that_is_killed_succeed(live: Live) -> None:
    live.start(workers=1)
    innocent = live.enqueue("test.restarts", lane="good", steps=60, pause_s=0.05)
    live.under_way(innocent)

    poison = live.enqueue("test.dies", lane="bad")

    live.reached(poison, JobState.FAILED, within_s=20)
    live.succeeded(innocent, within_s=20)
    assert innocent.attempt == 1
