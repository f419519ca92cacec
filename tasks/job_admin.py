"""What staff see of jobs: found, read with their logs, stopped and started."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tasks import services
from tasks.dashboard.panel import lasting, sized
from tasks.engine import identity
from tasks.engine.moves import EventKind
from tasks.models import Job, JobEvent
from tasks.operated_admin import OperatedAdmin, ReadOnlyAdmin, state_shown
from tasks.related import links_to_all_of
from tasks.states import FINAL, OPEN, JobState

EVENTS_SHOWN = 200
FAILURES_LOOKED_AT = 500
UNREAD = ("params", "cursor")


class KindFilter(admin.SimpleListFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in sorted(settings.JOB_HANDLERS)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ErrorFilter(admin.SimpleListFilter):
    """By the codes of the latest failures: those of all would be read from all rows."""

    title = "error"
    parameter_name = "error_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        failed = Job.objects.filter(state=JobState.FAILED, finished_at__isnull=False)
        codes = failed.order_by("-finished_at").values_list("error_code", flat=True)
        latest = {*codes[:FAILURES_LOOKED_AT], *filter(None, [self.value()])} - {""}
        return [(code, code) for code in sorted(latest)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        return queryset.filter(state=JobState.FAILED, error_code=self.value())


@admin.register(Job)
class JobAdmin(OperatedAdmin):
    list_display = (
        *("short_id", "kind", "client", "shown_state", "percent", "rows"),
        *("queued_at", "finished_at", "took", "error_code"),
    )
    list_filter = ("state", KindFilter, ErrorFilter)
    list_select_related = ("client",)
    search_fields = ("=id", "^client__name")
    ordering = ("-queued_at",)
    keyset = "queued_at"
    sortable_by = ("queued_at", "finished_at")
    actions = ("cancel_jobs", "retry_jobs", "run_now")
    buttons = {"cancel_jobs": "Cancel", "retry_jobs": "Retry", "run_now": "Run now"}
    live_every_s = 2.0
    fieldsets = (
        (
            None,
            {"fields": ("kind", "client", "shown_state", "progress", "error", "log")},
        ),
        ("Belongs to it", {"fields": ("links",)}),
        (
            "Times",
            {
                "fields": (
                    *("queued_at", "started_at", "finished_at", "took", "due_at"),
                    *("cancel_requested_at", "deadline_at"),
                )
            },
        ),
        (
            "Running",
            {
                "fields": (
                    *("lane", "serial", "params", "cursor", "rev", "fence"),
                    *("lease_owner", "attempt", "max_attempts", "retries"),
                    "max_retries",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Of a list's rows nobody reads what may be long.
        return super().get_queryset(request).defer(*UNREAD)

    def offered(self, row: Any) -> Iterable[str]:
        if row.state in OPEN:
            yield "cancel_jobs"
        if row.state == JobState.QUEUED:
            yield "run_now"
        if row.state in {JobState.FAILED, JobState.CANCELLED}:
            yield "retry_jobs"

    @admin.display(description="Job")
    def short_id(self, job: Job) -> str:
        return f"{job.pk}"[:8]

    @admin.display(description="State")
    def shown_state(self, job: Job) -> SafeString:
        return state_shown(job, ends=job.state in FINAL)

    @admin.display(description="%")
    def percent(self, job: Job) -> int | None:
        return job.percent

    @admin.display(description="Progress")
    def progress(self, job: Job) -> str:
        done = (
            f"{job.done:,}" if job.total is None else f"{job.done:,} of {job.total:,}"
        )
        share = "" if job.percent is None else f" ({job.percent} %)"
        return f"{done}{share}, {job.rows:,} rows, {sized(job.size_bytes)}"

    @admin.display(description="Waited, ran")
    def took(self, job: Job) -> str:
        at = timezone.now()  # the engine's clock would be a query for each row
        waited = _seconds(job.queued_at, job.started_at or job.finished_at or at)
        ran = _seconds(job.started_at, job.finished_at or at)
        return f"{lasting(waited)}, {lasting(ran)}"

    @admin.display(description="Pages")
    def links(self, job: Job) -> SafeString:
        return links_to_all_of(job, besides=frozenset({"events"}))

    @admin.display(description="Log, newest first")
    def log(self, job: Job) -> SafeString:
        events = job.events.order_by("-id")[:EVENTS_SHOWN]
        rows = (
            (f"{one.at:%Y-%m-%d %H:%M:%S.%f}"[:-3], one.get_kind_display(), told(one))
            for one in events
        )
        lines = format_html_join(
            "",
            '<tr class="log-line"><td>{}</td><td>{}</td><td>{}</td></tr>',
            rows,
        )
        return format_html(
            '<div class="log" data-searchable tabindex="0" role="region" '
            'aria-label="Log"><table><tbody>{}</tbody></table></div>',
            lines,
        )

    @admin.action(description="Cancel the selected jobs", permissions=["operate"])
    def cancel_jobs(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        self.each(request, jobs, services.cancel, "Asked to stop")

    @admin.action(description="Retry the selected jobs", permissions=["operate"])
    def retry_jobs(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        self.each(request, jobs, services.retry, "Queued again")

    @admin.action(
        description="Run the selected jobs now, whatever they wait for",
        permissions=["operate"],
    )
    def run_now(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        self.each(request, jobs, services.hurry, "Due now")


@admin.register(JobEvent)
class JobEventAdmin(ReadOnlyAdmin):
    """The lines of all jobs' logs, the newest first."""

    list_display = ("at", "job", "shown_kind", "line")
    list_select_related = ("job",)
    search_fields = ("=job",)
    ordering = ("-pk",)
    keyset = "pk"
    fields = ("at", "job", "kind", "line", "rev")

    @admin.display(description="Kind")
    def shown_kind(self, event: JobEvent) -> str:
        return event.get_kind_display()

    @admin.display(description="What")
    def line(self, event: JobEvent) -> str:
        return told(event)


def told(event: JobEvent) -> str:
    """Say in words what a line's data has."""
    data = dict(event.data)
    match event.kind:
        case EventKind.MOVED:
            return f"{data.get('from')} → {data.get('to')}"
        case EventKind.CLAIMED:
            return f"by {identity.told(str(data.get('worker', '')))}"
    message = data.pop("message", "")
    trace = data.pop("traceback", "")
    rest = ", ".join(f"{name}: {value}" for name, value in data.items())
    parts = (message, f"({rest})" if message and rest else rest)
    line = " ".join(filter(None, parts))
    return f"{line}\n{trace}" if trace else line


def _seconds(start: datetime | None, end: datetime) -> float | None:
    return None if start is None else max(0.0, (end - start).total_seconds())
