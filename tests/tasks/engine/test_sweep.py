"""What a supervisor mends each second, part by part."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from tasks.engine import clock, identity, sweep
from tasks.engine.claim import claim
from tasks.models import Lane, WorkerHost
from tasks.states import JobState
from tests.support.followers import HERE
from tests.support.jobs import NO_JOB, a_job, claimed, fresh, put
from tests.support.leases import name_of_a_dead_process, pid_in
from tests.support.rings import rings

pytestmark = pytest.mark.django_db


@pytest.fixture
def dead() -> str:
    """The name of a worker of this host that is really dead."""
    return name_of_a_dead_process()


# Dead workers.
def test_a_dead_workers_job_is_due_at_once(dead: str) -> None:
    job = put(claimed(a_job()), lease_owner=dead)
    before = rings()

    assert sweep.release_dead() == 1

    assert rings() == before + 1
    assert claimed(job).attempt == 2


def test_a_living_workers_job_stays_leased() -> None:
    claimed(a_job())

    assert sweep.release_dead() == 0
    assert claim() is None


def test_a_job_leased_elsewhere_is_left_to_its_lease() -> None:
    put(claimed(a_job()), lease_owner="other-host/boot/1/12/34")

    assert sweep.release_dead() == 0


def test_a_process_with_a_reused_pid_holds_no_lease() -> None:
    name, _, started = identity.owner().rpartition("/")
    put(claimed(a_job()), lease_owner=f"{name}/{int(started) - 1}")

    assert sweep.release_dead() == 1


def test_bystanders_of_a_crash_are_handed_back_and_not_counted(dead: str) -> None:
    suspect = put(claimed(a_job(lane="a")), lease_owner=dead)
    other = put(claimed(a_job(lane="b")), lease_owner=dead)
    sweep.hand_back(pid=pid_in(dead), suspect=suspect.pk)

    assert fresh(suspect).lease_owner == dead
    assert fresh(other).lease_owner == ""
    assert claimed(other).attempt == 1


def test_without_a_suspect_all_are_handed_back(dead: str) -> None:
    job = put(claimed(a_job()), lease_owner=dead)

    sweep.hand_back(pid=pid_in(dead), suspect=NO_JOB)

    assert claimed(job).attempt == 1


# Bells.
def test_a_job_that_waits_without_a_bell_gets_one() -> None:
    a_job(due_at=clock.now() - timedelta(seconds=1))
    before = rings()

    sweep.ring_for_due(at=clock.now(), most=4)

    assert rings() == before + 1


def test_no_more_bells_are_rung_than_there_are_workers() -> None:
    for number in range(5):
        job = a_job(lane=f"lane-{number}")
        put(job, due_at=clock.now() - timedelta(seconds=1))
    before = rings()

    sweep.ring_for_due(at=clock.now(), most=2)

    assert rings() == before + 2


def test_for_a_job_just_saved_or_running_no_bell_is_rung() -> None:
    claimed(a_job(lane="one"))
    a_job(lane="two")
    before = rings()

    sweep.ring_for_due(at=clock.now(), most=2)

    assert rings() == before


# Deadlines.
@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.INPROGRESS])
def test_a_late_job_fails(state: JobState) -> None:
    at = timezone.now()
    job = a_job(state=state, deadline_at=at - timedelta(seconds=1))

    sweep.fail_late(at=at)

    assert (fresh(job).state, fresh(job).error_code) == (JobState.FAILED, "deadline")


def test_a_job_in_time_goes_on() -> None:
    at = timezone.now()
    job = a_job(deadline_at=at + timedelta(minutes=1))

    sweep.fail_late(at=at)

    assert fresh(job).state == JobState.QUEUED


def test_a_follower_that_fails_does_not_end_the_sweep(settings: Settings) -> None:
    settings.JOB_FOLLOWERS = {"test.flaky": f"{HERE}.fail_at_end"}
    at = timezone.now()
    stuck = a_job("test.flaky", deadline_at=at - timedelta(seconds=1))
    late = a_job(deadline_at=at - timedelta(seconds=1))

    sweep.fail_late(at=at)

    assert fresh(stuck).state == JobState.QUEUED
    assert fresh(late).state == JobState.FAILED


# The watchdog.
def test_work_that_waits_long_while_nobody_works_is_a_wedge() -> None:
    a_job(due_at=clock.now() - timedelta(seconds=11))

    assert sweep.is_wedged(at=clock.now())


def test_work_that_waits_while_this_host_is_busy_is_none() -> None:
    claimed(a_job(lane="one"))
    a_job(lane="two", due_at=clock.now() - timedelta(seconds=11))

    assert not sweep.is_wedged(at=clock.now())


def test_work_that_waits_a_little_is_none() -> None:
    a_job(due_at=clock.now() - timedelta(seconds=5))

    assert not sweep.is_wedged(at=clock.now())


def test_a_job_behind_a_running_one_of_another_host_is_none() -> None:
    running = claimed(a_job(serial=True))
    put(running, lease_owner="other/boot/1/2/3")
    a_job(serial=True, due_at=clock.now() - timedelta(seconds=11))

    assert not sweep.is_wedged(at=clock.now())


# Hosts.
def test_a_supervisor_reports_itself_once() -> None:
    at = clock.now()
    for seconds in (0, 1):
        sweep.report(at=at + timedelta(seconds=seconds), started_at=at, workers=3)

    host = WorkerHost.objects.get()

    assert (host.owner, host.workers, host.started_at) == (identity.owner(), 3, at)
    assert host.seen_at == at + timedelta(seconds=1)


def test_hosts_not_heard_of_for_an_hour_are_forgotten() -> None:
    at = clock.now()
    for name, age in (("gone", 61), ("quiet", 59)):
        seen_at = at - timedelta(minutes=age)
        WorkerHost.objects.create(owner=name, workers=1, started_at=at, seen_at=seen_at)

    sweep.report(at=at, started_at=at, workers=1)

    names = WorkerHost.objects.values_list("owner", flat=True)
    assert set(names) == {"quiet", identity.owner()}


@pytest.mark.parametrize(("age_s", "lives"), [(0, True), (4, True), (6, False)])
def test_a_worker_lives_while_it_is_heard_of(age_s: int, lives: bool) -> None:
    at = clock.now()
    sweep.report(at=at - timedelta(seconds=age_s), started_at=at, workers=1)

    assert sweep.has_live_worker() is lives


def test_a_round_does_all_of_it(dead: str) -> None:
    late = a_job(lane="late", deadline_at=timezone.now() - timedelta(seconds=1))
    lost = put(claimed(a_job(lane="lost")), lease_owner=dead)

    sweep.tick(started_at=clock.now(), workers=2)

    assert fresh(late).state == JobState.FAILED
    claimed(lost)
    assert sweep.has_live_worker()


def test_of_the_sweeps_of_other_floors_one_that_fails_stops_no_other(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SWEEPS = [f"{HERE}.sweep_badly", f"{HERE}.sweep_well"]

    sweep.tick(started_at=clock.now(), workers=1)

    assert "sweep failed" in caplog.text
    assert Lane.objects.filter(pk="swept").exists()
