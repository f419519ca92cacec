"""What staff see of tasks: how far they came, their assets, and what became of them."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from django.contrib import admin
from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tasks import services as job_services
from tasks.collecting import services
from tasks.engine.moves import EventKind
from tasks.errors import EntrepotError, JobMoved
from tasks.many_rows import CappedPaginator
from tasks.models import Asset, Job, JobEvent, Phase, ResultType, Task
from tasks.models.task import ENDED
from tasks.operated_admin import OperatedAdmin, ReadOnlyAdmin
from tasks.states import OPEN

ASSETS_A_PAGE = 100
MOST_EVENTS = 200  # of a timeline
SHOWN_URL = 80
NONE = "-"
THUMBNAILS = "thumbnails/"
IMAGES = ("jpg", "png", "webp")
HEADS = (
    *("", "No.", "Name", "State", "Bytes", "Type", "Attempts", "Error"),
    *("Attributes", "Address"),
)
TOLD = {
    EventKind.MOVED,
    EventKind.CANCEL,
    EventKind.RETRY,
    EventKind.LEASE_LOST,
    EventKind.ERROR,
}


@admin.register(Task)
class TaskAdmin(OperatedAdmin):
    """Addresses of assets are shown without their query strings, which often sign."""

    list_display = (
        *("id", "client", "phase", "processor", "percent", "announced"),
        *("downloaded", "failed", "created_at", "completed_at"),
    )
    list_filter = ("phase", "result_type", "created_at")
    search_fields = ("=id", "^client__name")
    ordering = ("-created_at",)
    keyset = "created_at"
    sortable_by = ("created_at",)
    live_every_s = 3.0
    actions = (
        *("cancel_tasks", "restart_processing", "retry_failed_assets"),
        "delete_tasks",
    )
    buttons = {
        "cancel_tasks": "Cancel",
        "retry_failed_assets": "Retry failed assets",
        "restart_processing": "Make the result anew",
    }
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *("id", "client", "phase", "message", "processor", "on_failure"),
                    *("all_sent", "percent", "announced", "downloaded", "failed"),
                    *("result_file", "result_type", "expires_at"),
                )
            },
        ),
        ("Phases", {"fields": ("timeline", "logs")}),
        ("Assets", {"fields": ("assets",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("client", "result")
        return rows.select_related("collect_job", "process_job")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        task = super().get_object(request, object_id, from_field)
        if task is not None:
            # Of the row that this request shows: the admin itself serves all of them.
            task.asked_page = request.GET.get("assets", "1")
        return task

    def offered(self, row: Any) -> Iterator[str]:
        if row.phase not in ENDED:
            yield "cancel_tasks"
        if row.failed and row.phase not in {Phase.PROCESSING, Phase.COMPLETED}:
            yield "retry_failed_assets"
        if row.phase in ENDED:
            yield "restart_processing"

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tasks.delete_task")

    @admin.action(
        description="Cancel the jobs of the selected tasks", permissions=["operate"]
    )
    def cancel_tasks(self, request: HttpRequest, tasks: QuerySet[Task]) -> None:
        self.each(request, tasks, _cancel, "Asked to stop")

    @admin.action(
        description="Make the results of the selected tasks anew",
        permissions=["operate"],
    )
    def restart_processing(self, request: HttpRequest, tasks: QuerySet[Task]) -> None:
        self.each(request, tasks, services.restart, "Started again")

    @admin.action(
        description="Retry the failed assets of the selected tasks",
        permissions=["operate"],
    )
    def retry_failed_assets(self, request: HttpRequest, tasks: QuerySet[Task]) -> None:
        self.each(request, tasks, services.retry_failed, "Retried")

    @admin.action(
        description="Stop and delete the selected tasks, with their files",
        permissions=["remove"],
    )
    def delete_tasks(self, request: HttpRequest, tasks: QuerySet[Task]) -> None:
        def delete(task: Task) -> None:
            self.log_deletions(request, Task.objects.filter(pk=task.pk))
            services.delete_task(client=task.client, task_id=task.pk)

        self.each(request, tasks, delete, "Deleted")

    @admin.display(description="Downloaded, percent")
    def percent(self, task: Task) -> int:
        return task.percent

    @admin.display(description="Result")
    def result_file(self, task: Task) -> str | SafeString:
        if task.result is None:
            return NONE
        text = f"{task.result.name}, {task.result.size_bytes:,} bytes"
        if task.result_type == ResultType.WEBSITE:
            url = f"/results/{task.pk}/{task.result.name}"
            return format_html('<a href="{}">{}</a>', url, text)
        url = reverse("admin:tasks_artifact_change", args=[task.result.pk])
        return format_html('<a href="{}">{}</a>', url, text)

    @admin.display(description="Timeline")
    def timeline(self, task: Task) -> SafeString:
        rows = ((f"{at:%Y-%m-%d %H:%M:%S}", what) for at, what in moments(task))
        return _table(("At", "What"), rows)

    @admin.display(description="Jobs, with their logs")
    def logs(self, task: Task) -> SafeString | str:
        links = [
            (reverse("admin:tasks_job_change", args=[job.pk]), job, job.state)
            for job in jobs_of(task)
        ]
        line = '<a href="{}">{}</a> ({})'
        return format_html_join(SafeString("<br>"), line, links) or NONE

    @admin.display(description="Assets")
    def assets(self, task: Any) -> SafeString:
        page = page_of_assets(task, task.asked_page)
        images = thumbnails_of(task, page)
        rows = (_cells(one, images.get(one.number)) for one in page.object_list)
        return format_html("{}{}", _table(HEADS, rows), _pager(page))


@admin.register(Asset)
class AssetAdmin(ReadOnlyAdmin):
    """Addresses are shown without their query strings, which often sign."""

    list_display = ("name", "task", "state", "size_bytes", "media_type", "error_code")
    list_select_related = ("task",)
    search_fields = ("=task", "^digest")
    ordering = ("-pk",)
    keyset = "pk"
    fields = (
        *("name", "file_name", "task", "address", "state", "attempts", "size_bytes"),
        *("digest", "media_type", "artifact", "error", "attributes"),
    )

    @admin.display(description="Address")
    def address(self, asset: Asset) -> str:
        return _shortened(asset.url.partition("?")[0])


def _cancel(task: Task) -> None:
    jobs = [job for job in jobs_of(task) if job.state in OPEN]
    if not jobs:
        raise EntrepotError("none of its jobs waits or runs")
    for job in jobs:
        with suppress(JobMoved):  # It ended just now, as was wanted.
            job_services.cancel(job)


def jobs_of(task: Task) -> list[Job]:
    return [job for job in (task.collect_job, task.process_job) if job is not None]


def moments(task: Task) -> list[tuple[datetime, str]]:
    """Return when what happened to a task, the first things first."""
    found = [(task.created_at, "The task was created"), *_moments_of_jobs(task)]
    if task.waiting_since:
        found.append((task.waiting_since, "It waits for more assets, or to be started"))
    found.sort(key=lambda moment: moment[0])
    if task.completed_at:  # a moment before its job's end is logged
        found.append((task.completed_at, f"It is {Phase(task.phase).label.lower()}"))
    return found


def _moments_of_jobs(task: Task) -> Iterator[tuple[datetime, str]]:
    """Give what the logs tell of the task's latest two jobs, its newest lines."""
    jobs = jobs_of(task)
    names = {job.pk: f"{job.kind} job" for job in jobs}
    yield from ((job.queued_at, f"{names[job.pk]}: queued") for job in jobs)
    events = JobEvent.objects.filter(job__in=jobs, kind__in=TOLD).order_by("-id")
    for event in events[:MOST_EVENTS]:
        yield event.at, f"{names[event.job_id]}: {_told(event)}"


def _told(event: JobEvent) -> str:
    data = event.data
    if event.kind == EventKind.MOVED:
        return f"{data.get('from')} → {data.get('to')}"
    label = str(EventKind(event.kind).label)
    return f"{label}: {data['message']}" if data.get("message") else label


def page_of_assets(task: Task, number: str) -> Page[Asset]:
    assets = task.assets.order_by("number")
    return CappedPaginator(assets, ASSETS_A_PAGE).get_page(number)


def thumbnails_of(task: Task, page: Page[Asset]) -> dict[int, str]:
    """Return what a gallery made of the assets on a page: paths by their numbers."""
    if task.phase != Phase.COMPLETED or task.result_type != ResultType.WEBSITE:
        return {}
    named = {f"{THUMBNAILS}{one.number}.{kind}" for one in page for kind in IMAGES}
    paths = task.pages.filter(path__in=named).values_list("path", flat=True)
    return {int(PurePosixPath(path).stem): path for path in paths}


def _cells(asset: Asset, thumbnail: str | None) -> tuple[object, ...]:
    size = NONE if asset.size_bytes is None else f"{asset.size_bytes:,}"
    address = asset.url.partition("?")[0]
    return (
        _image(asset, thumbnail),
        asset.number,
        asset.name,
        asset.get_state_display(),
        size,
        asset.media_type or NONE,
        asset.attempts,
        asset.error or NONE,
        _shortened(str(asset.attributes)),
        _shortened(address),
    )


def _image(asset: Asset, thumbnail: str | None) -> SafeString | str:
    if thumbnail is None:
        return ""
    url = f"/results/{asset.task_id}/{thumbnail}"
    return format_html('<img src="{}" alt="" height="60" loading="lazy">', url)


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_URL else f"{text[:SHOWN_URL]}…"


def _pager(page: Page[Asset]) -> SafeString:
    pages = page.paginator.get_elided_page_range(page.number)
    link = '<a href="?assets={}">{}</a>'
    links = (
        (one if one == page.number else format_html(link, one, one),) for one in pages
    )
    return format_html_join(" ", "{}", links)


def _table(heads: tuple[str, ...], rows: Any) -> SafeString:
    head = format_html_join("", "<th>{}</th>", ((one,) for one in heads))
    lines = (
        (format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),)
        for row in rows
    )
    body = format_html_join("", "<tr>{}</tr>", lines)
    return format_html("<table><tr>{}</tr>{}</table>", head, body)
