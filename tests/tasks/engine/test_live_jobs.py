"""Jobs run by real workers, when nothing goes wrong but what they ask for."""

from time import monotonic

import pytest

from tasks import services
from tasks.models import JobEvent
from tasks.states import JobState
from tests.support.effects import effects, nothing_is_left, once_each
from tests.support.live import Live
from tests.support.marks import everywhere, everywhere_at_length

pytestmark = pytest.mark.live


@everywhere
def test_a_job_runs_and_publishes_once(live: Live) -> None:
    live.start()

    job = live.enqueue("test.whole", steps=3)

    live.succeeded(job, within_s=5)
    assert effects(job) == once_each(3, "told-succeeded")
    nothing_is_left()


@everywhere
def test_jobs_saved_before_any_worker_lived_are_run(live: Live) -> None:
    jobs = [live.enqueue("test.steps", steps=2, lane=f"lane-{n}") for n in range(5)]

    live.start()

    live.succeeded(*jobs)
    assert [effects(job) for job in jobs] == [once_each(2)] * 5


@everywhere
def test_a_running_job_is_cancelled_within_a_second(live: Live) -> None:
    live.start(workers=1)
    job = live.enqueue("test.steps", steps=1000, pause_s=0.05)
    live.under_way(job)

    began = monotonic()
    services.cancel(job)
    live.reached(job, JobState.CANCELLED, within_s=3)

    assert monotonic() - began < 1
    nothing_is_left()


def test_a_job_in_the_middle_of_a_step_is_told_to_stop(live: Live) -> None:
    live.start(workers=1)
    job = live.enqueue("test.hangs")
    live.under_way(job, done=0)

    began = monotonic()
    services.cancel(job)
    live.reached(job, JobState.CANCELLED, within_s=3)

    assert monotonic() - began < 1
    assert effects(job) == {}


@everywhere_at_length
def test_a_job_with_temporary_errors_is_tried_again(live: Live) -> None:
    live.start(workers=1)

    job = live.enqueue("test.flaky", failures=2)

    live.succeeded(job)
    assert job.retries == 2
    assert job.events.filter(kind=JobEvent.Kind.RETRY).count() == 2


def test_a_job_with_a_permanent_error_fails_with_its_words(live: Live) -> None:
    live.start(workers=1)

    job = live.enqueue("test.flaky", failures=1, temporary=False)

    live.reached(job, JobState.FAILED, within_s=5)
    assert (job.error_code, job.error) == ("unlucky", "Not this time.")


def test_a_short_job_does_not_wait_for_a_long_one(live: Live) -> None:
    live.start(workers=1)
    long = live.enqueue("test.steps", lane="long", steps=1000, pause_s=0.02)
    live.under_way(long)

    short = live.enqueue("test.steps", lane="short", steps=1)

    live.succeeded(short, within_s=3)
    long.refresh_from_db()
    assert long.state == JobState.INPROGRESS


@everywhere_at_length
def test_two_supervisors_share_the_work_and_do_none_twice(live: Live) -> None:
    live.start(workers=1)
    live.start(workers=1)

    jobs = [
        live.enqueue("test.steps", lane=f"lane-{n % 4}", steps=3, pause_s=0.02)
        for n in range(12)
    ]

    live.succeeded(*jobs)
    assert [effects(job) for job in jobs] == [once_each(3)] * 12
    claims = JobEvent.objects.filter(kind=JobEvent.Kind.CLAIMED)
    assert len({claim.data["worker"] for claim in claims}) == 2
