"""Jobs that rest for a thread of their own: they cost no turn and no place."""

from collections.abc import Iterator
from threading import Event, Timer
from time import monotonic

import pytest
from django.db import connection
from pytest_django import Settings

from tasks import services
from tasks.engine import shift
from tasks.engine.run import Run
from tasks.engine.shift import MOST_HELD, MOST_WITH_RESTING, Shift
from tasks.models import Job
from tasks.states import JobState
from tests.support.effects import effects, once_each
from tests.support.handlers import Steps, mark
from tests.support.jobs import a_job, claimed, fresh, run_slice

pytestmark = pytest.mark.django_db(transaction=True)

doors: dict[str, Event] = {}


def rests(run: Run) -> Steps:
    """Rest until the door of the job's lane is opened."""
    door = doors.setdefault(run.job.lane_id, Event())
    while not door.is_set():
        yield run.step(rest=door)
    return mark(run, "published")


@pytest.fixture(autouse=True)
def _kind(settings: Settings) -> Iterator[None]:
    here = f"{__name__}.rests"
    settings.JOB_HANDLERS = {**settings.JOB_HANDLERS, "test.rests": here}
    doors.clear()
    yield
    shift._stopping[0] = 0


def a_resting(lane: str) -> Job:
    return a_job("test.rests", lane=lane)


def held(mine: Shift, count: int) -> None:
    for _ in range(2 * count):
        mine._take()
        if len(mine.held) == count and all(run.resting for run in mine.held):
            return
        mine._turn()


def test_resting_jobs_take_no_place_of_those_at_work() -> None:
    for number in range(MOST_HELD + 2):
        a_resting(f"lane-{number}")
    mine = Shift()

    held(mine, MOST_HELD + 2)

    assert len(mine.held) == MOST_HELD + 2
    mine.end()


def test_there_is_an_end_to_resting_jobs_too() -> None:
    for number in range(MOST_WITH_RESTING + 2):
        a_resting(f"lane-{number}")
    mine = Shift()

    held(mine, MOST_WITH_RESTING)
    mine._take()

    assert len(mine.held) == MOST_WITH_RESTING
    mine.end()


def test_a_job_at_work_does_not_wait_for_one_that_rests() -> None:
    a_resting("resting")
    mine = Shift()
    held(mine, 1)
    job = a_job(lane="work", params={"steps": 3})

    mine._take()
    mine._turn()

    assert effects(fresh(job)) == once_each(3)
    assert mine.held[0].resting
    mine.end()


def test_the_next_job_of_a_resting_ones_lane_need_not_wait() -> None:
    a_resting("lane")
    mine = Shift()
    held(mine, 1)
    job = a_job(lane="lane")

    mine._take()
    mine._turn()

    assert effects(fresh(job)) == once_each(2)
    mine.end()


def test_a_worker_goes_on_as_soon_as_it_is_woken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shift, "BREATH_S", 30.0)
    job = a_resting("lane")
    mine = Shift()
    held(mine, 1)
    (run,) = mine.held

    def open_door() -> None:
        doors["lane"].set()
        run.wake()

    timer = Timer(0.2, open_door)
    timer.start()
    began = monotonic()
    mine.work()
    mine.end()
    timer.join()

    assert monotonic() - began < 10
    assert fresh(job).state == JobState.SUCCEEDED


def test_a_resting_job_that_is_cancelled_ends() -> None:
    job = a_resting("lane")
    mine = Shift()
    held(mine, 1)
    services.cancel(fresh(job))
    mine.held[0].lease.look()

    mine.work()
    mine.end()

    assert fresh(job).state == JobState.CANCELLED


def test_a_host_that_stops_parks_work_at_once_and_lets_a_rest_end() -> None:
    resting, working = a_resting("resting"), a_job(lane="work", params={"steps": 3})
    mine = Shift()
    mine.held.extend([Run(claimed(resting)), Run(claimed(working))])
    mine.held[0].advance(until=0)
    mine.held[1].advance(until=0)
    seen: list[str] = []

    def open_door() -> None:
        seen.append(fresh(working).lease_owner)
        connection.close()  # this thread's own
        doors["resting"].set()

    timer = Timer(0.3, open_door)
    timer.start()
    shift.stop_working()
    mine.work()
    mine.end()
    timer.join()

    assert seen == [""]
    assert effects(fresh(resting)) == {"published": 1}
    assert fresh(working).state == JobState.INPROGRESS


def test_a_host_that_stops_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shift, "GRACE_S", 0.1)
    job = a_resting("lane")
    mine = Shift()
    held(mine, 1)
    shift.stop_working()

    mine.work()
    mine.end()

    assert (fresh(job).state, fresh(job).lease_owner) == ("inprogress", "")
    doors["lane"].set()
    assert run_slice().state == JobState.SUCCEEDED
