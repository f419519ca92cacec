"""What the dashboard shows of data going out: how the latest deliveries were taken."""

from collections import Counter
from datetime import datetime

from django.urls import reverse

from exports.models import Delivery
from tasks.dashboard.panel import Panel, Tile

LOOKED_AT = 500


def deliveries(*, at: datetime) -> Panel:
    del at  # They are the last ones, whenever those were.
    newest = Delivery.objects.order_by("-created_at")
    found = Counter(
        map(_outcome, newest.values_list("answer_status", "answered_at")[:LOOKED_AT])
    )
    url = reverse("admin:exports_delivery_changelist")
    tiles = (
        Tile("Taken", f"{found['taken']:,}", "answered 2xx", url),
        Tile("On their way", f"{found['waiting']:,}", "", url),
        Tile(
            "Refused",
            f"{found['refused']:,}",
            "any other answer",
            url,
            _bad(found["refused"]),
        ),
        Tile(
            "Unanswered",
            f"{found['failed']:,}",
            "ended without one",
            url,
            _bad(found["failed"]),
        ),
    )
    note = f"Of the last {LOOKED_AT} deliveries."
    return Panel(
        "deliveries", "Deliveries", "exports.view_delivery", tiles=tiles, note=note
    )


def _outcome(told: tuple[int | None, datetime | None]) -> str:
    status, answered_at = told
    if answered_at is None:
        return "waiting"
    if status is None:
        return "failed"
    return "taken" if 200 <= status < 300 else "refused"


def _bad(count: int) -> str:
    return "bad" if count else ""
