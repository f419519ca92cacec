"""A worker's shift: jobs of many lanes take turns, and all end or are given back."""

from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection

from tasks import services
from tasks.engine import blame, shift
from tasks.engine.lease import Heart
from tasks.engine.shift import MOST_HELD, Shift, answer
from tasks.models import Artifact, Job
from tasks.states import JobState
from tests.support.effects import effects, once_each
from tests.support.jobs import a_job, fresh, put
from tests.support.rings import rings

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _not_stopping() -> Iterator[None]:
    yield
    shift._stopping[0] = 0


@pytest.fixture
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shift, "SLICE_S", 0.0)


def long_job(lane: str) -> Job:
    return a_job(lane=lane, params={"steps": 5})


def test_an_answer_does_all_that_is_due() -> None:
    jobs = [a_job(lane=f"lane-{n % 3}") for n in range(9)]

    answer()

    assert [effects(fresh(job)) for job in jobs] == [once_each(2)] * 9


@pytest.mark.usefixtures("short_slices")
def test_jobs_of_two_lanes_take_turns() -> None:
    first, second = long_job("first"), long_job("second")

    answer()

    order = list(Artifact.objects.order_by("pk").values_list("job", "name"))
    # The second begins before the first has done its second step.
    assert order.index((second.pk, "step-0")) < order.index((first.pk, "step-1"))
    assert order.index((second.pk, "step-3")) < order.index((first.pk, "published"))


@pytest.mark.usefixtures("short_slices")
def test_jobs_of_one_lane_do_not() -> None:
    first, second = long_job("lane"), long_job("lane")

    answer()

    order = list(Artifact.objects.order_by("pk").values_list("job", "name"))
    assert order.index((first.pk, "published")) < order.index((second.pk, "step-0"))


@pytest.mark.usefixtures("short_slices")
def test_a_short_job_passes_a_long_one_however_old_the_shift_is() -> None:
    long = long_job("long")
    old = Shift()
    old._take()
    old._turn()
    old.until = 0.0
    short = a_job(lane="short", params={"steps": 1})

    for _ in range(4):
        old._take()
        old._turn()

    assert fresh(short).state == JobState.SUCCEEDED
    assert fresh(long).state == JobState.INPROGRESS
    old.end()


def test_an_old_shift_that_holds_nothing_rings_for_the_next() -> None:
    job = a_job()
    before = rings()
    old = Shift()
    old.until = 0.0

    old.work()

    assert fresh(job).state == JobState.QUEUED
    assert rings() == before + 1


@pytest.mark.usefixtures("short_slices")
def test_a_worker_holds_so_many_jobs_and_no_more() -> None:
    for number in range(MOST_HELD + 2):
        long_job(f"lane-{number}")
    mine = Shift()

    for _ in range(MOST_HELD + 2):
        mine._take()
        mine._turn()

    assert len(mine.held) == MOST_HELD
    mine.end()


@pytest.mark.usefixtures("short_slices")
def test_a_host_that_stops_gives_its_jobs_back() -> None:
    jobs = [long_job("one"), long_job("two")]
    mine = Shift()
    for _ in jobs:
        mine._take()
        mine._turn()
    shift.stop_working()

    mine.work()
    mine.end()

    rows = [fresh(job) for job in jobs]
    assert [(row.state, row.lease_owner) for row in rows] == [("inprogress", "")] * 2
    shift._stopping[0] = 0
    answer()
    assert [effects(job) for job in jobs] == [once_each(5)] * 2


@pytest.mark.usefixtures("short_slices")
def test_a_cancelled_job_ends_though_it_is_not_its_turn() -> None:
    first, second = long_job("first"), long_job("second")
    mine = Shift()
    for _ in range(2):
        mine._take()
        mine._turn()
    services.cancel(fresh(first))
    for run in mine.held:
        run.lease.look()

    mine._drop_stopped()

    assert fresh(first).state == JobState.CANCELLED
    assert [run.job.pk for run in mine.held] == [second.pk]
    mine.end()


@pytest.mark.usefixtures("short_slices")
def test_a_database_that_fails_a_worker_leaves_no_lease_renewed(
    heart: Heart, caplog: pytest.LogCaptureFixture
) -> None:
    first, _second = long_job("first"), long_job("second")
    mine = Shift()
    for _ in range(2):
        mine._take()
        mine._turn()
    put(first, cancel_requested_at=first.queued_at)
    for run in mine.held:
        run.lease.look()

    def down(*_: object) -> None:
        raise OperationalError("gone")

    with connection.execute_wrapper(down), pytest.raises(OperationalError):
        mine._drop_stopped()
    mine.end()

    assert heart._leases == []


def test_only_the_job_that_runs_is_suspect() -> None:
    blame.clear()
    job = a_job("test.suspects")

    answer()

    assert [done.name for done in job.artifacts.all()] == [f"suspect {job.pk}"]
    assert [suspect for _, suspect in blame.suspects()] == [blame.NO_JOB]
