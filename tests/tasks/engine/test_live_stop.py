"""SIGTERM: workers end at their next step, and nothing is lost or left."""

import os
import signal
from time import monotonic

import pytest

from tasks.models import Job, JobEvent, WorkerHost
from tasks.states import JobState
from tests.support.effects import effects, once_each
from tests.support.live import Live
from tests.support.marks import everywhere_at_length

pytestmark = pytest.mark.live


@everywhere_at_length
def test_busy_workers_drain_within_five_seconds_and_jobs_resume(live: Live) -> None:
    work = live.start()
    jobs = [
        live.enqueue("test.steps", lane=f"lane-{n}", steps=12, pause_s=0.1)
        for n in range(3)
    ]
    live.under_way(jobs[0], done=2)

    began = monotonic()
    work.terminate()
    assert work.wait() == 0
    took_s = monotonic() - began

    assert took_s < 5
    work.leaves_no_orphan()
    _are_parked(jobs)
    live.start()
    live.succeeded(*jobs)
    assert [effects(job) for job in jobs] == [once_each(12)] * 3
    assert not JobEvent.objects.filter(kind=JobEvent.Kind.LEASE_LOST).exists()


@everywhere_at_length
def test_a_signal_to_the_whole_group_drains_as_well(live: Live) -> None:
    work = live.start()
    job = live.enqueue("test.restarts", steps=40, pause_s=0.1)
    live.under_way(job, done=2)

    began = monotonic()
    _ = work.tree
    os.killpg(work.popen.pid, signal.SIGTERM)
    assert work.wait() == 0

    assert monotonic() - began < 5
    work.leaves_no_orphan()
    _are_parked([job])


def test_ctrl_c_to_the_whole_group_drains_as_well(live: Live) -> None:
    work = live.start()
    job = live.enqueue("test.steps", steps=40, pause_s=0.1)
    live.under_way(job, done=2)

    _ = work.tree
    os.killpg(work.popen.pid, signal.SIGINT)
    assert work.wait() == 0

    work.leaves_no_orphan()
    _are_parked([job])


def test_an_idle_host_stops_and_signs_off(live: Live) -> None:
    work = live.start()
    live.succeeded(live.enqueue("test.steps", steps=1))

    began = monotonic()
    work.terminate()
    assert work.wait() == 0

    assert monotonic() - began < 3
    work.leaves_no_orphan()
    assert not WorkerHost.objects.exists()


def test_a_stop_while_the_cluster_starts_leaves_no_orphan(live: Live) -> None:
    work = live.start(complete=False)
    live.started(work)

    work.terminate()
    work.wait()

    work.leaves_no_orphan()


def _are_parked(jobs: list[Job]) -> None:
    for job in jobs:
        job.refresh_from_db()
        assert job.lease_owner == ""
        assert job.state in {JobState.QUEUED, JobState.INPROGRESS}
