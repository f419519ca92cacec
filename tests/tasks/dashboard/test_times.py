"""For how long jobs waited and ran."""

from datetime import UTC, datetime, timedelta

import pytest

from tasks.dashboard import times
from tasks.states import JobState
from tests.support.jobs import a_job, a_job_in

AT = datetime(2026, 3, 1, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def ran(waited_s: float, ran_s: float, kind: str = "a", back_s: float = 0) -> None:
    end = AT - timedelta(seconds=back_s)
    start = end - timedelta(seconds=ran_s)
    a_job_in(
        JobState.SUCCEEDED,
        kind=kind,
        queued_at=start - timedelta(seconds=waited_s),
        started_at=start,
        finished_at=end,
    )


def test_each_kind_has_its_median_and_its_95th_percentile() -> None:
    for number in range(1, 21):
        ran(waited_s=number, ran_s=10 * number)
    ran(waited_s=0.5, ran_s=3, kind="b")

    first, second = times.of_kinds({"b", "a", "never seen"})

    assert (first.kind, first.count) == ("a", 20)
    assert first.waited == times.Spread(10.5, 19)
    assert first.ran == times.Spread(105, 190)
    assert second == times.Times("b", 1, times.Spread(0.5, 0.5), times.Spread(3, 3))


def test_only_the_latest_of_a_kind_count() -> None:
    for number in range(times.RECENT):
        ran(waited_s=1, ran_s=1, back_s=number)
    ran(waited_s=1000, ran_s=1000, back_s=100_000)

    [found] = times.of_kinds({"a"})

    assert found.count == times.RECENT
    assert found.ran.p95_s == 1


def test_what_never_ran_or_still_runs_has_no_times() -> None:
    a_job("a")
    a_job_in(JobState.CANCELLED, kind="a", finished_at=AT)

    assert list(times.of_kinds({"a"})) == []


def test_clocks_that_differ_make_no_negative_times() -> None:
    assert times.spread([-3.0, 1.0]) == times.Spread(0.5, 1.0)
