"""How many jobs ended in which hour and day."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from tasks.dashboard import ended
from tasks.states import JobState
from tests.support.jobs import a_job, a_job_in

AT = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def ends(at: datetime, state: JobState = JobState.SUCCEEDED) -> None:
    a_job_in(state, finished_at=at)


def test_a_job_counts_in_the_hour_in_which_it_ended() -> None:
    ends(datetime(2026, 3, 1, 10, 0, tzinfo=UTC))
    ends(datetime(2026, 3, 1, 9, 59, 59, 999_999, tzinfo=UTC), JobState.FAILED)
    ends(datetime(2026, 2, 28, 11, 0, tzinfo=UTC), JobState.CANCELLED)
    ends(datetime(2026, 2, 28, 10, 59, tzinfo=UTC))

    bars = ended.hours(at=AT)

    assert len(bars) == 24
    assert [(bar.label, dict(bar.counts)) for bar in bars if bar.total] == [
        ("28 February, 11:00", {"cancelled": 1}),
        ("01 March, 09:00", {"failed": 1}),
        ("01 March, 10:00", {"succeeded": 1}),
    ]


def test_a_job_counts_on_the_day_on_which_it_ended() -> None:
    ends(datetime(2026, 3, 1, tzinfo=UTC))
    ends(datetime(2026, 2, 28, 23, 59, tzinfo=UTC))
    ends(datetime(2026, 1, 31, tzinfo=UTC))
    ends(datetime(2026, 1, 30, 23, 59, tzinfo=UTC))

    bars = ended.days(at=AT)

    assert len(bars) == 30
    assert [bar.label for bar in bars if bar.total] == [
        "31 January 2026",
        "28 February 2026",
        "01 March 2026",
    ]


def test_what_is_open_has_not_ended() -> None:
    a_job()
    ends(AT - timedelta(hours=23))
    ends(AT - timedelta(hours=25))

    assert dict(ended.last_day(at=AT)) == {"succeeded": 1}


def test_a_chart_is_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1):
        ended.hours(at=AT)
    with django_assert_num_queries(1):
        ended.days(at=AT)
