"""Requests to one host, spaced for all workers together by a row in the database."""

from datetime import datetime, timedelta

from tasks.engine import clock
from tasks.models import Pace

# Further ahead than waiting workers reach: a clock was set back.
MOST_AHEAD = timedelta(minutes=10)
FORGOTTEN_AFTER = timedelta(hours=1)


def reserve(host: str, *, per_second: float, after_s: float = 0.0) -> float:
    """Take the next free slot of a host; return the seconds until it comes.

    No slot is sooner than `after_s` from now, nor than 1 / `per_second` after the one
    given away before, by whichever worker and whatever pace that one had.
    """
    while True:
        at = clock.now()
        last_at = _last_at(host, at)
        slot_at = max(
            at + timedelta(seconds=after_s),
            last_at + timedelta(seconds=1 / per_second),
        )
        if slot_at > at + MOST_AHEAD:
            slot_at = at
        # Two that read the same row: the second one's condition fails.
        if Pace.objects.filter(pk=host, last_at=last_at).update(last_at=slot_at):
            return (slot_at - at).total_seconds()


def forget(*, at: datetime) -> int:
    """Delete the rows of hosts that nobody asked for long."""
    return Pace.objects.filter(last_at__lt=at - FORGOTTEN_AFTER).delete()[0]


def _last_at(host: str, at: datetime) -> datetime:
    same = Pace.objects.filter(pk=host).values_list("last_at", flat=True)
    if (last_at := same.first()) is not None:
        return last_at
    never = Pace(host=host, last_at=at - FORGOTTEN_AFTER)
    Pace.objects.bulk_create([never], ignore_conflicts=True)
    return same.first() or never.last_at
