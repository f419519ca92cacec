"""For how long jobs waited and ran: medians and what 95 in 100 stay below."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from statistics import median

from tasks.models import Job

RECENT = 200  # of each kind, so that its cost does not grow with the jobs


@dataclass(frozen=True, slots=True)
class Spread:
    """Of durations, in seconds."""

    median_s: float
    p95_s: float


@dataclass(frozen=True, slots=True)
class Times:
    """How the last jobs of a kind fared that were begun and ended."""

    kind: str
    count: int
    waited: Spread
    ran: Spread


def of_kinds(kinds: Iterable[str]) -> Iterator[Times]:
    """Give the times of each kind that has any."""
    for kind in sorted(kinds):
        ended = Job.objects.filter(kind=kind, finished_at__isnull=False)
        began = ended.filter(started_at__isnull=False).order_by("-finished_at")
        moments = began.values_list("queued_at", "started_at", "finished_at")
        rows = [(a, b, c) for a, b, c in moments[:RECENT] if b and c]
        if rows:
            waited = [(start - queued).total_seconds() for queued, start, _ in rows]
            ran = [(end - start).total_seconds() for _, start, end in rows]
            yield Times(kind, len(rows), spread(waited), spread(ran))


def spread(seconds: list[float]) -> Spread:
    """Return median and 95th percentile (nearest rank); none is below 0."""
    in_order = sorted(max(0.0, one) for one in seconds)
    return Spread(median(in_order), in_order[ceil(0.95 * len(in_order)) - 1])
