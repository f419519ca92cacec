"""What staff see of the registry: datasets, revisions, pipelines and files."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from registry import event_admin as event_admin
from registry import history, pictures, schedules
from registry.errors import RegistryError
from registry.follow import needs_of
from registry.models import Dataset, Output, Pipeline, Revision
from registry.spec import SpecError
from registry.states import ENDED, RunState
from tasks.admin import ReadOnlyAdmin
from tasks.errors import EntrepotError

CHARTED = 50


class ReadOnlyInline(admin.TabularInline[Any, Any]):
    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RevisionInline(ReadOnlyInline):
    model = Revision
    fields = ("link", "state", "cause", "created_at", "finished_at")
    readonly_fields = ("link",)
    ordering = ("-number",)

    @admin.display(description="Revision")
    def link(self, revision: Revision) -> SafeString:
        url = reverse("admin:registry_revision_change", args=[revision.pk])
        return format_html('<a href="{}">{}</a>', url, revision.number)


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = (
        *("__str__", "title", "findability", "certified", "newest"),
        *("period_s", "scheduled_for", "paused_at", "turn_missed", "created_at"),
    )
    list_filter = ("findability", "certified")
    search_fields = ("owner", "name", "title")
    ordering = ("-created_at",)
    actions = ("run_now", "pause", "resume", "certify", "uncertify")
    fields = (
        *("owner", "name", "title", "description", "findability", "certified"),
        *("growth", "period_s", "scheduled_for", "paused_at", "turn_missed"),
        *("keep_successful", "client", "newest", "created_at"),
    )
    inlines = (RevisionInline,)

    class Media:
        css = {"all": ("registry/pictures.css",)}

    @admin.display(description="Over its successful revisions")
    def growth(self, dataset: Dataset) -> SafeString:
        good = dataset.revisions.filter(state=RunState.SUCCEEDED)
        found = list(good.order_by("-number")[:CHARTED])[::-1]
        return pictures.chart(
            {
                "rows": [_stat(one, "count_of_rows") for one in found],
                "bytes": [_stat(one, "bytes") for one in found],
                "seconds": [_seconds(one) for one in found],
            }
        )

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registry.change_dataset")

    @admin.action(description="Run now", permissions=["operate"])
    def run_now(self, request: HttpRequest, chosen: QuerySet[Dataset]) -> None:
        at = timezone.now()
        _each(self, request, chosen, lambda one: schedules.run_now(dataset=one, at=at))

    @admin.action(description="Pause the schedule", permissions=["operate"])
    def pause(self, request: HttpRequest, chosen: QuerySet[Dataset]) -> None:
        at = timezone.now()
        _each(self, request, chosen, lambda one: schedules.pause(dataset=one, at=at))

    @admin.action(description="Resume the schedule", permissions=["operate"])
    def resume(self, request: HttpRequest, chosen: QuerySet[Dataset]) -> None:
        at = timezone.now()
        _each(self, request, chosen, lambda one: schedules.resume(dataset=one, at=at))

    @admin.action(description="Certify", permissions=["operate"])
    def certify(self, request: HttpRequest, chosen: QuerySet[Dataset]) -> None:
        self.message_user(request, f"Certified: {chosen.update(certified=True)}.")

    @admin.action(description="Take the certificate away", permissions=["operate"])
    def uncertify(self, request: HttpRequest, chosen: QuerySet[Dataset]) -> None:
        self.message_user(request, f"Not certified: {chosen.update(certified=False)}.")


class PipelineInline(ReadOnlyInline):
    model = Pipeline
    fields = ("link", "title", "state", "started_at", "finished_at", "error_log")
    readonly_fields = ("link",)
    ordering = ("position",)

    @admin.display(description="Pipeline, with its job")
    def link(self, pipeline: Pipeline) -> SafeString | str:
        url = _job_link(pipeline)
        return (
            format_html('<a href="{}">{}</a>', url, pipeline.pipeline_id)
            if url
            else pipeline.pipeline_id
        )


class OutputInline(ReadOnlyInline):
    model = Output
    fields = ("path", "artifact")
    ordering = ("path",)


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    list_display = (
        *("__str__", "state", "cause", "runner", "findability"),
        *("created_at", "finished_at"),
    )
    list_filter = ("state", "cause", "runner", "findability")
    list_select_related = ("dataset",)
    search_fields = ("dataset__owner", "dataset__name")
    ordering = ("-created_at",)
    actions = ("restore",)
    fields = (
        *("dataset", "number", "shown_state", "graph", "error_lines", "log_lines"),
        *("stats", "cause", "runner", "heard_at", "findability"),
        *("created_at", "modified_at", "finished_at", "spec"),
    )
    inlines = (PipelineInline, OutputInline)

    class Media:
        css = {"all": ("registry/pictures.css",)}
        js = ("registry/live.js",)

    @admin.display(description="State")
    def shown_state(self, revision: Revision) -> SafeString:
        ended = "yes" if revision.state in ENDED else "no"
        words = revision.get_state_display()
        return format_html('<span data-ended="{}">{}</span>', ended, words)

    @admin.display(description="Pipelines")
    def graph(self, revision: Revision) -> SafeString:
        pipelines = revision.pipelines.in_order()
        return pictures.graph([_node(one) for one in pipelines])

    @admin.display(description="Logs")
    def log_lines(self, revision: Revision) -> SafeString:
        return _lines(revision.logs)

    @admin.display(description="Error log")
    def error_lines(self, revision: Revision) -> SafeString:
        return _lines(revision.error_log)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registry.change_dataset")

    @admin.action(description="Restore as a new revision", permissions=["operate"])
    def restore(self, request: HttpRequest, chosen: QuerySet[Revision]) -> None:
        at = timezone.now()
        _each(self, request, chosen, lambda one: history.restore(revision=one, at=at))


def _each(
    page: admin.ModelAdmin[Any],
    request: HttpRequest,
    rows: Iterable[Any],
    act: Callable[[Any], object],
) -> None:
    """Do something to each row; say of each what came of it."""
    for row in rows:
        try:
            done = act(row)
        except (RegistryError, SpecError, EntrepotError) as error:
            page.message_user(request, f"{row}: not done. {error}", messages.ERROR)
        else:
            page.message_user(request, f"{row}: done ({done}).", messages.SUCCESS)


def _node(pipeline: Pipeline) -> pictures.Node:
    return pictures.Node(
        id=pipeline.pipeline_id,
        label=pipeline.title,
        detail=f"{pipeline.resource} {_took(pipeline)}".strip(),
        state=pipeline.state,
        needs=frozenset(needs_of(pipeline)),
        link=_job_link(pipeline),
    )


def _job_link(pipeline: Pipeline) -> str:
    if pipeline.job_id is None:
        return ""
    return reverse("admin:tasks_job_change", args=[pipeline.job_id])


def _took(pipeline: Pipeline) -> str:
    if pipeline.started_at is None or pipeline.finished_at is None:
        return ""
    return f"{(pipeline.finished_at - pipeline.started_at).total_seconds():.1f} s"


def _stat(revision: Revision, name: str) -> float:
    value = (revision.stats or {}).get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _seconds(revision: Revision) -> float:
    if revision.finished_at is None:
        return 0.0
    return (revision.finished_at - revision.created_at).total_seconds()


def _lines(lines: list[str] | None) -> SafeString:
    return format_html_join(
        "", '<div class="log-line">{}</div>', ((line,) for line in lines or [])
    )
