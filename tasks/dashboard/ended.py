"""How many jobs ended in each of the last hours and days."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from django.db.models import Count, Value

from tasks.dashboard.bars import Bar
from tasks.models import Job
from tasks.states import FINAL

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURS, DAYS = 24, 30


def counts(bounds: Sequence[datetime]) -> list[Counter[str]]:
    """Count what ended between each two neighbouring times, by state; one query."""
    # Ranges are counted in the index alone: grouping a million jobs by a text of their
    # times takes ten times as long.
    parts = [
        Job.objects.filter(state__in=FINAL, finished_at__gte=start, finished_at__lt=end)
        .annotate(bar=Value(number))
        .values_list("bar", "state")
        .annotate(count=Count("*"))
        .order_by()
        for number, (start, end) in enumerate(pairwise(bounds))
    ]
    found: list[Counter[str]] = [Counter() for _ in parts]
    for number, state, count in parts[0].union(*parts[1:], all=True):
        found[number][state] = count
    return found


def hours(*, at: datetime) -> list[Bar]:
    """Return a bar for each of the last hours, the one that is not over included."""
    bounds = _back_from(_hour_of(at) + HOUR, HOUR, HOURS)
    return [
        Bar(
            f"{start:%d %B, %H:00}", f"{start:%H}" if start.hour % 3 == 0 else "", found
        )
        for start, found in zip(bounds, counts(bounds), strict=False)
    ]


def days(*, at: datetime) -> list[Bar]:
    bounds = _back_from(_hour_of(at).replace(hour=0) + DAY, DAY, DAYS)
    return [
        Bar(f"{start:%d %B %Y}", f"{start:%d.%m.}" if number % 5 == 0 else "", found)
        for number, (start, found) in enumerate(
            zip(bounds, counts(bounds), strict=False), start=1
        )
    ]


def last_day(*, at: datetime) -> Counter[str]:
    """Count what ended in the last 24 hours, by state."""
    return counts([at - DAY, at])[0]


def _back_from(end: datetime, step: timedelta, number: int) -> list[datetime]:
    return [end - step * back for back in reversed(range(number + 1))]


def _hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
