"""How sharing goes, in figures that a few indexed queries find."""

from datetime import datetime

from django.db.models import Count, Q, Sum

from exports.models import Batch, ShareQuery


def tail_events() -> int:
    """Count the events that are in no segment yet."""
    tail = Batch.objects.all().tail().order_by()
    rows: int | None = tail.aggregate(rows=Sum("rows"))["rows"]
    return rows or 0


def queries(*, since: datetime) -> dict[str, int]:
    """Count the queries since then by how far they came."""
    posted = ShareQuery.objects.filter(created_at__gte=since)
    finished = Q(finished_at__isnull=False)
    fetched = Q(collected_at__isnull=False)
    counted: dict[str, int] = posted.aggregate(
        waiting=Count("pk", filter=~finished),
        ready=Count("pk", filter=finished & ~fetched),
        fetched=Count("pk", filter=fetched),
    )
    return counted
