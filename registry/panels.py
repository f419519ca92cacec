"""What the dashboard shows of the registry: what comes next, and what went wrong."""

from datetime import datetime

from django.urls import reverse

from registry.models import Dataset, Revision
from registry.states import RunState
from tasks.dashboard.panel import Panel, Table, lasting, link

MOST = 8


def refreshes(*, at: datetime) -> Panel:
    planned = Dataset.objects.filter(scheduled_for__isnull=False, paused_at=None)
    rows = [
        (
            link(reverse("admin:registry_dataset_change", args=[one.pk]), one),
            _until(one, at),
            lasting(one.period_s),
            one.turn_missed.partition("\n")[0][:100],
        )
        for one in planned.defer("readme", "search").order_by("scheduled_for")[:MOST]
    ]
    heads = ("Dataset", "Next", "Every", "Last turn missed")
    return Panel(
        "refreshes",
        "Next refreshes",
        "registry.view_dataset",
        table=Table(heads, rows, "Nothing is scheduled."),
    )


def _until(dataset: Dataset, at: datetime) -> str:
    due = max(filter(None, (dataset.scheduled_for, dataset.postponed_until)))
    seconds = (due - at).total_seconds()
    return f"in {lasting(seconds)}" if seconds > 0 else "due"


def failed_revisions(*, at: datetime) -> Panel:
    failed = Revision.objects.filter(state=RunState.FAILED).select_related("dataset")
    rows = [
        (
            _ago(one, at),
            link(reverse("admin:registry_revision_change", args=[one.pk]), one),
            one.get_cause_display(),
            one.error_log[0][:200] if one.error_log else "",
        )
        for one in failed.defer("spec", "logs", "stats").order_by("-pk")[:MOST]
    ]
    heads = ("When", "Revision", "Cause", "Error")
    return Panel(
        "revisions",
        "Failed revisions",
        "registry.view_revision",
        table=Table(heads, rows, "No revision has failed."),
        wide=True,
    )


def _ago(revision: Revision, at: datetime) -> str:
    ended_at = revision.finished_at or revision.modified_at
    return f"{lasting(max(0.0, (at - ended_at).total_seconds()))} ago"
