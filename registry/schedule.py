"""When a dataset is fetched again: the words of a schedule (contract 3.1.4)."""

import re
from datetime import datetime, timedelta

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
MIN_PERIOD_S = 60
# About 68 years: far above any real schedule, far below what overflows a date,
# and it fits a plain integer column.
MAX_PERIOD_S = 2**31 - 1

EVERY = re.compile(r"every\s+(?P<number>.*)(?P<unit>.)", re.DOTALL)
# int() raises ValueError of its own above 4,300 digits.
NUMBER = re.compile(r"[+-]?[0-9]{1,4000}")


class ScheduleError(ValueError):
    """The schedule cannot be followed; the text is the contract's."""


def parse(schedule: object) -> int | None:
    """Return the period in seconds, None where there is no schedule.

    Raise ScheduleError with the text that the publisher is shown.
    """
    if schedule is None:
        return None
    if not isinstance(schedule, str):
        raise ScheduleError("Schedule should be a string")
    words = EVERY.fullmatch(schedule.strip())
    if words is None:
        raise ScheduleError("Schedule should start with 'every'")
    if words["unit"] not in UNITS:
        raise ScheduleError(
            "Bad time unit for schedule, only s/m/h/d/w are allowed",
        )
    return _period(words["number"].strip(), unit_s=UNITS[words["unit"]])


def next_time(
    *,
    period_s: int | None,
    previous: datetime | None,
    now: datetime,
) -> datetime | None:
    """Say when the dataset is due; times are aware and in UTC.

    A time still to come is kept even when the period has changed; one that has
    passed moves on by whole periods, so missed runs collapse into one.
    """
    if period_s is None:
        return None
    period = timedelta(seconds=period_s)
    if previous is None:
        return now + period
    if previous >= now:
        return previous
    periods_missed = -((previous - now) // period)
    return previous + periods_missed * period


def _period(number: str, *, unit_s: int) -> int:
    if NUMBER.fullmatch(number) is None:
        raise ScheduleError("Failed to parse time number")
    period_s = int(number) * unit_s
    if period_s < MIN_PERIOD_S:
        raise ScheduleError("Can't schedule tasks for less than one minute")
    if period_s > MAX_PERIOD_S:
        raise ScheduleError("Failed to parse time number")
    return period_s
