"""Processes killed one by one: the work goes on, and nothing is done twice."""

from collections.abc import Callable
from time import monotonic

import pytest

from tasks.models import Job, JobEvent
from tests.support.effects import effects, nothing_is_left, once_each
from tests.support.live import Live
from tests.support.marks import everywhere_at_length
from tests.support.polling import until
from tests.support.processes import Proc
from tests.support.work import Work

pytestmark = pytest.mark.live

Victim = Callable[[Work], Proc]
VICTIMS: dict[str, Victim] = {
    "sentinel": lambda work: work.sentinel,
    "cluster": lambda work: work.cluster,
    "monitor": lambda work: work.monitor,
    "pusher": lambda work: work.pusher,
}


@everywhere_at_length
def test_a_killed_busy_workers_job_resumes_within_two_seconds(live: Live) -> None:
    work = live.start()
    job = live.enqueue("test.steps", steps=25, pause_s=0.05)
    live.under_way(job, done=5)
    fence, victim = job.fence, work.worker_of(job)

    began = monotonic()
    victim.kill()
    until(lambda: _fence(job) > fence, within_s=5, what="claimed again")

    assert monotonic() - began < 2
    live.succeeded(job)
    assert effects(job) == once_each(25)
    nothing_is_left()


@everywhere_at_length
def test_after_an_idle_worker_is_killed_the_next_job_runs(live: Live) -> None:
    work = live.start()
    live.succeeded(live.enqueue("test.steps", steps=1))
    work.workers[0].kill()

    began = monotonic()
    job = live.enqueue("test.steps", steps=1)

    live.succeeded(job)
    assert monotonic() - began < 3


@everywhere_at_length
@pytest.mark.parametrize("name", VICTIMS)
def test_after_any_other_process_is_killed_the_work_goes_on(
    live: Live, name: str
) -> None:
    work = live.start()
    job = live.enqueue("test.steps", steps=20, pause_s=0.05)
    live.under_way(job, done=3)
    before = set(work.tree) - {work.root}

    VICTIMS[name](work).kill()

    until(
        lambda: not [process for process in before if process.alive],
        within_s=3,
        what="no process of the broken cluster is left",
    )
    live.succeeded(job)
    assert effects(job) == once_each(20)
    assert not job.events.filter(kind=JobEvent.Kind.LEASE_LOST).exists()
    assert work.popen.poll() is None


@everywhere_at_length
def test_a_killed_supervisor_leaves_no_orphan_and_the_next_one_goes_on(
    live: Live,
) -> None:
    work = live.start()
    jobs = [
        live.enqueue("test.steps", lane=f"lane-{n}", steps=20, pause_s=0.05)
        for n in range(3)
    ]
    live.under_way(jobs[0], done=3)

    work.kill()
    work.leaves_no_orphan()
    began = monotonic()
    live.start()

    live.succeeded(*jobs)
    assert [effects(job) for job in jobs] == [once_each(20)] * 3
    assert monotonic() - began < 12
    nothing_is_left()


def _fence(job: Job) -> int:
    job.refresh_from_db()
    return job.fence
