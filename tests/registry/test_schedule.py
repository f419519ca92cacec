"""The words of a schedule, and the next time it names (contract 3.1.4)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import schedule
from registry.schedule import ScheduleError

NO_STRING = "Schedule should be a string"
NO_EVERY = "Schedule should start with 'every'"
NO_UNIT = "Bad time unit for schedule, only s/m/h/d/w are allowed"
NO_NUMBER = "Failed to parse time number"
TOO_OFTEN = "Can't schedule tasks for less than one minute"


@pytest.mark.parametrize(
    ("words", "period_s"),
    [
        (None, None),
        ("every 60s", 60),
        ("every 1m", 60),
        ("every 3h", 10_800),
        ("  every    4d   ", 345_600),
        (" every 5w\n", 3_024_000),
        ("every\t2 d", 172_800),
        ("every +5m", 300),
        ("every 007m", 420),
        ("every 2147483647s", 2_147_483_647),
    ],
)
def test_a_schedule_is_read_as_seconds(words: object, period_s: int | None) -> None:
    assert schedule.parse(words) == period_s


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (45454, NO_STRING),
        (0, NO_STRING),
        (True, NO_STRING),
        (False, NO_STRING),
        (1.5, NO_STRING),
        ([], NO_STRING),
        (["every 1d"], NO_STRING),
        ({}, NO_STRING),
        ("", NO_EVERY),
        (" ", NO_EVERY),
        ("fsdfds", NO_EVERY),
        ("every", NO_EVERY),
        (" every  ", NO_EVERY),
        ("every1d", NO_EVERY),
        ("Every 1d", NO_EVERY),
        ("everyone 1d", NO_EVERY),
        (" every 6z", NO_UNIT),
        ("every 6", NO_UNIT),
        ("every 1D", NO_UNIT),
        ("every 1\0", NO_UNIT),
        ("every d", NO_NUMBER),
        ("every  d", NO_NUMBER),
        ("every 4.2w", NO_NUMBER),
        ("every 1 2d", NO_NUMBER),
        ("every 1_000s", NO_NUMBER),
        ("every 1e3s", NO_NUMBER),
        ("every -d", NO_NUMBER),
        ("every ٤d", NO_NUMBER),
        ("every ²d", NO_NUMBER),
        ("every one day and a d", NO_NUMBER),
        ("every 2147483648s", NO_NUMBER),
        ("every 99999999999999999999w", NO_NUMBER),
        (f"every {'9' * 5000}w", NO_NUMBER),
        ("every 1s", TOO_OFTEN),
        ("every 59s", TOO_OFTEN),
        ("every 0w", TOO_OFTEN),
        ("every -5d", TOO_OFTEN),
        (f"every -{'9' * 99}d", TOO_OFTEN),
    ],
)
def test_a_bad_schedule_is_refused_in_the_contracts_words(
    words: object,
    text: str,
) -> None:
    with pytest.raises(ScheduleError) as refusal:
        schedule.parse(words)

    assert str(refusal.value) == text


@given(st.one_of(st.text(), st.text().map("every {}".format), st.integers()))
def test_any_value_is_a_period_or_a_schedule_error(words: object) -> None:
    texts = {NO_STRING, NO_EVERY, NO_UNIT, NO_NUMBER, TOO_OFTEN}

    try:
        outcome: object = schedule.parse(words)
    except ScheduleError as refusal:
        outcome = str(refusal)

    assert outcome in texts or outcome in range(60, 2**31)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("previous", "period_s", "expected"),
    [
        (None, None, None),
        (at(100), None, None),
        (None, 60, at(1060)),
        (at(999), 60, at(1059)),
        (at(10), 60, at(1030)),
        (at(940), 60, at(1000)),
        (at(1000), 60, at(1000)),
        (at(1001), 60, at(1001)),
        (at(999_999), 60, at(999_999)),
    ],
)
def test_the_next_time_at_second_1000(
    previous: datetime | None,
    period_s: int | None,
    expected: datetime | None,
) -> None:
    due = schedule.next_time(period_s=period_s, previous=previous, now=at(1000))

    assert due == expected


def test_microseconds_are_kept() -> None:
    previous = datetime(2026, 11, 20, 3, 31, 22, 284165, tzinfo=UTC)
    now = datetime(2026, 11, 21, 3, 31, 22, 284166, tzinfo=UTC)

    due = schedule.next_time(period_s=86_400, previous=previous, now=now)

    assert due == datetime(2026, 11, 22, 3, 31, 22, 284165, tzinfo=UTC)


def test_two_thousand_missed_years_collapse_into_one_run() -> None:
    previous = datetime.min.replace(tzinfo=UTC)
    now = datetime(2026, 11, 21, 3, 31, 22, tzinfo=UTC)

    due = schedule.next_time(period_s=60, previous=previous, now=now)

    assert due == datetime(2026, 11, 21, 3, 32, tzinfo=UTC)


moments = st.datetimes(
    max_value=datetime.fromisoformat("3000-01-01"),
    timezones=st.just(UTC),
)


@given(st.integers(60, 2**31 - 1), moments, moments)
def test_a_passed_time_moves_by_whole_periods_to_the_first_not_before_now(
    period_s: int,
    previous: datetime,
    now: datetime,
) -> None:
    due = schedule.next_time(period_s=period_s, previous=previous, now=now)

    assert due is not None
    assert due >= now
    assert due == previous or due - timedelta(seconds=period_s) < now
    assert (due - previous) % timedelta(seconds=period_s) == timedelta(0)
