"""How the work goes, in figures that a few indexed queries find."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Q, Sum

from tasks.engine.sweep import SEEN_FOR
from tasks.models import Artifact, Job, Phase, Task, WorkerHost
from tasks.models.task import ENDED
from tasks.states import FINAL, OPEN

UNFINISHED = [phase for phase in Phase if phase not in ENDED]
BUCKETS_S = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)
TOOK = ExpressionWrapper(
    F("finished_at") - F("started_at"), output_field=DurationField()
)


@dataclass(frozen=True, slots=True)
class Ended:
    """The jobs of a kind and state that ended within some time."""

    kind: str
    state: str
    count: int
    retries: int
    size_bytes: int
    seconds: float
    within: tuple[int, ...]  # as many as took at most each of BUCKETS_S


def pending_tasks() -> int:
    """Count the tasks that are not finished."""
    return Task.objects.filter(phase__in=UNFINISHED).count()


def open_jobs() -> Iterator[tuple[str, str, int]]:
    """Give kind, state and count of the jobs that have not ended."""
    rows = Job.objects.filter(due_at__isnull=False).values_list("kind", "state")
    yield from rows.annotate(count=Count("pk")).order_by("kind", "state")


def longest_wait_s(*, at: datetime) -> float:
    """Return for how long the job that is due longest has waited; 0 without one."""
    waiting = Job.objects.due(at=at).filter(state__in=OPEN, lease_owner="")
    oldest: datetime | None = waiting.aggregate(oldest=Min("due_at"))["oldest"]
    return max(0.0, (at - oldest).total_seconds()) if oldest else 0.0


def ended_jobs(*, since: datetime) -> Iterator[Ended]:
    """Give what ended since then, by kind and state."""
    counts: dict[str, Any] = {
        f"within_{number}": Count("pk", filter=Q(took__lte=timedelta(seconds=most)))
        for number, most in enumerate(BUCKETS_S)
    }
    rows: Iterable[Mapping[str, Any]] = (
        Job.objects.filter(finished_at__gte=since, state__in=FINAL)
        .annotate(took=TOOK)
        .values("kind", "state")
        .annotate(
            count=Count("pk"),
            all_retries=Sum("retries"),
            all_bytes=Sum("size_bytes"),
            all_took=Sum("took"),
            **counts,
        )
        .order_by("kind", "state")
    )
    for row in rows:
        yield Ended(
            kind=row["kind"],
            state=row["state"],
            count=row["count"],
            retries=row["all_retries"],
            size_bytes=row["all_bytes"],
            seconds=row["all_took"].total_seconds() if row["all_took"] else 0.0,
            within=tuple(row[name] for name in counts),
        )


def tasks_by_phase() -> dict[str, int]:
    """Count the unfinished tasks in each phase, also in those that have none."""
    rows = Task.objects.filter(phase__in=UNFINISHED).values_list("phase")
    found = dict(rows.annotate(count=Count("pk")).order_by())
    return {str(phase): found.get(phase, 0) for phase in UNFINISHED}


def assets_by_state() -> dict[str, int]:
    """Count the assets of unfinished tasks, from the counts that tasks keep."""
    found = Task.objects.filter(phase__in=UNFINISHED).aggregate(
        announced=Sum("announced", default=0),
        downloaded=Sum("downloaded", default=0),
        failed=Sum("failed", default=0),
    )
    settled = found["downloaded"] + found["failed"]
    return {
        "waiting": found["announced"] - settled,
        "downloaded": found["downloaded"],
        "failed": found["failed"],
    }


def live_workers(*, at: datetime) -> int:
    """Count the workers of the supervisors that were heard of in the last seconds."""
    seen = WorkerHost.objects.filter(seen_at__gte=at - SEEN_FOR)
    workers: int = seen.aggregate(workers=Sum("workers", default=0))["workers"]
    return workers


def stored_bytes() -> int:
    """Return the size of all files that artifacts name, each counted once."""
    files = Artifact.objects.values("digest").annotate(size=Min("size_bytes"))
    total: int = files.order_by().aggregate(total=Sum("size", default=0))["total"]
    return total
