"""What staff see of the registry: datasets, revisions, pipelines and files."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
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
from tasks import services as work
from tasks.errors import EntrepotError, JobMoved
from tasks.models import Job
from tasks.operated_admin import ActingAdmin, ReadOnlyAdmin, state_shown
from tasks.related import link_to, page_of
from tasks.states import OPEN

CHARTED = 50
REFUSALS = (RegistryError, SpecError, EntrepotError)


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
        return format_html('<a href="{}">{}</a>', page_of(revision), revision.number)


@admin.register(Dataset)
class DatasetAdmin(ActingAdmin, ReadOnlyAdmin):
    list_display = (
        *("__str__", "title", "findability", "certified", "newest"),
        *("period_s", "scheduled_for", "paused_at", "turn_missed", "created_at"),
    )
    list_filter = ("findability", "certified")
    search_fields = ("owner", "name", "title")
    sortable_by = ("scheduled_for",)
    ordering = ("-created_at",)
    keyset = "created_at"
    actions = ("run_now", "pause", "resume", "certify", "uncertify")
    buttons = {
        "run_now": "Run now",
        "pause": "Pause the schedule",
        "resume": "Resume the schedule",
    }
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

    def offered(self, row: Dataset) -> Iterable[str]:
        yield "run_now"
        if row.period_s:
            yield "resume" if row.paused_at else "pause"

    @admin.action(description="Run now", permissions=["operate"])
    def run_now(self, request: HttpRequest, chosen: QuerySet[Dataset]) -> None:
        at = timezone.now()
        self._each(
            request, chosen, lambda one: schedules.run_now(dataset=one, at=at), "Begun"
        )

    @admin.action(description="Pause the schedule", permissions=["operate"])
    def pause(self, request: HttpRequest, chosen: QuerySet[Dataset]) -> None:
        def pause(one: Dataset) -> None:
            if one.paused_at:
                raise RegistryError("it is paused already")
            schedules.pause(dataset=one, at=timezone.now())

        self._each(request, chosen, pause, "Paused")

    @admin.action(description="Resume the schedule", permissions=["operate"])
    def resume(self, request: HttpRequest, chosen: QuerySet[Dataset]) -> None:
        def resume(one: Dataset) -> None:
            if not one.paused_at:
                raise RegistryError("it is not paused")
            schedules.resume(dataset=one, at=timezone.now())

        self._each(request, chosen, resume, "Resumed")

    @admin.action(description="Certify", permissions=["operate"])
    def certify(self, request: HttpRequest, chosen: QuerySet[Dataset]) -> None:
        self.message_user(request, f"Certified: {chosen.update(certified=True)}.")

    @admin.action(description="Take the certificate away", permissions=["operate"])
    def uncertify(self, request: HttpRequest, chosen: QuerySet[Dataset]) -> None:
        self.message_user(request, f"Not certified: {chosen.update(certified=False)}.")

    def _each(
        self,
        request: HttpRequest,
        chosen: QuerySet[Dataset],
        act: Callable[[Dataset], object],
        done: str,
    ) -> None:
        self.each(request, chosen, act, done, errors=REFUSALS)


class PipelineInline(ReadOnlyInline):
    model = Pipeline
    fields = ("link", "shown_state", "started_at", "finished_at", "errors", "job_link")
    readonly_fields = ("link", "shown_state", "errors", "job_link")
    ordering = ("position",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pipeline]:
        # As many rows as a spec has resources, and their jobs in the same query.
        rows: QuerySet[Pipeline] = super().get_queryset(request)
        return rows.select_related("job", "revision__dataset")

    @admin.display(description="Errors")
    def errors(self, pipeline: Pipeline) -> SafeString:
        return _lines(pipeline.error_log)

    @admin.display(description="Pipeline")
    def link(self, pipeline: Pipeline) -> SafeString | str:
        return link_to(pipeline)

    @admin.display(description="Job, with its log")
    def job_link(self, pipeline: Pipeline) -> SafeString | str:
        return link_to(pipeline.job)

    @admin.display(description="State")
    def shown_state(self, pipeline: Pipeline) -> SafeString:
        return state_shown(pipeline)


class OutputInline(ReadOnlyInline):
    model = Output
    fields = ("path", "file")
    readonly_fields = ("file",)
    ordering = ("path",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Output]:
        rows: QuerySet[Output] = super().get_queryset(request)
        return rows.select_related("artifact")

    @admin.display(description="File")
    def file(self, output: Output) -> SafeString | str:
        return link_to(output.artifact)


@admin.register(Revision)
class RevisionAdmin(ActingAdmin, ReadOnlyAdmin):
    list_display = (
        *("__str__", "shown_state", "cause", "runner", "findability"),
        *("created_at", "finished_at"),
    )
    list_filter = ("state",)
    list_select_related = ("dataset",)
    search_fields = ("^dataset__owner", "^dataset__name")
    ordering = ("-pk",)
    keyset = "pk"
    live_every_s = 2.0
    actions = ("retry", "cancel", "restore")
    buttons = {"retry": "Retry", "cancel": "Cancel", "restore": "Restore as a new one"}
    fields = (
        *("dataset", "number", "shown_state", "graph", "error_lines", "log_lines"),
        *("shown_stats", "cause", "runner", "heard_at", "findability"),
        *("created_at", "modified_at", "finished_at", "spec"),
    )
    inlines = (PipelineInline, OutputInline)

    class Media:
        css = {"all": ("registry/pictures.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Of a list's rows nobody reads what may be long.
        return super().get_queryset(request).defer("spec", "logs", "error_log")

    @admin.display(description="State")
    def shown_state(self, revision: Revision) -> SafeString:
        return state_shown(revision, ends=revision.state in ENDED)

    @admin.display(description="Pipelines")
    def graph(self, revision: Revision) -> SafeString:
        pipelines = revision.pipelines.in_order()
        return pictures.graph([_node(one) for one in pipelines])

    @admin.display(description="Logs")
    def log_lines(self, revision: Revision) -> SafeString:
        lines = _lines(revision.logs)
        return format_html(
            '<div class="log" data-searchable tabindex="0" role="region" '
            'aria-label="Logs">{}</div>',
            lines,
        )

    @admin.display(description="Error log")
    def error_lines(self, revision: Revision) -> SafeString:
        return _lines(revision.error_log)

    @admin.display(description="Stats")
    def shown_stats(self, revision: Revision) -> SafeString | str:
        rows = (revision.stats or {}).items()
        lines = format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", rows)
        return format_html("<table>{}</table>", lines) if rows else "-"

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registry.change_dataset")

    def offered(self, row: Revision) -> Iterable[str]:
        if row.state in ENDED:
            yield from ("retry",) if row.state == RunState.FAILED else ()
            yield "restore"
        else:
            yield "cancel"

    @admin.action(description="Retry what failed", permissions=["operate"])
    def retry(self, request: HttpRequest, chosen: QuerySet[Revision]) -> None:
        self.each(request, chosen, _retry, "Queued again", errors=REFUSALS)

    @admin.action(description="Cancel what has not ended", permissions=["operate"])
    def cancel(self, request: HttpRequest, chosen: QuerySet[Revision]) -> None:
        self.each(request, chosen, _cancel, "Asked to stop", errors=REFUSALS)

    @admin.action(description="Restore as a new revision", permissions=["operate"])
    def restore(self, request: HttpRequest, chosen: QuerySet[Revision]) -> None:
        def restore(revision: Revision) -> None:
            history.restore(revision=revision, at=timezone.now())

        self.each(request, chosen, restore, "Restored", errors=REFUSALS)


@admin.register(Pipeline)
class PipelineAdmin(ReadOnlyAdmin):
    list_display = ("pipeline_id", "title", "state", "started_at", "finished_at")
    list_select_related = ("revision__dataset",)
    search_fields = ("=pipeline_id", "=job")
    ordering = ("-pk",)
    keyset = "pk"
    live_every_s = 2.0
    fields = (
        *("pipeline_id", "title", "revision", "job", "shown_state", "errors"),
        *("started_at", "finished_at", "resource", "needs", "dependencies", "stats"),
    )

    @admin.display(description="State")
    def shown_state(self, pipeline: Pipeline) -> SafeString:
        return state_shown(pipeline, ends=pipeline.state in ENDED)

    @admin.display(description="Errors")
    def errors(self, pipeline: Pipeline) -> SafeString:
        return _lines(pipeline.error_log)


@admin.register(Output)
class OutputAdmin(ReadOnlyAdmin):
    list_display = ("path", "revision", "artifact")
    list_select_related = ("revision__dataset", "artifact")
    ordering = ("-pk",)
    keyset = "pk"
    fields = ("path", "revision", "pipeline", "artifact")


def _retry(revision: Revision) -> None:
    jobs = _jobs_of(revision).filter(
        pipeline__in=revision.pipelines.failed_by_themselves()
    )
    if not jobs:
        raise RegistryError("none of its pipelines failed by itself")
    for job in jobs:
        work.retry(job)


def _cancel(revision: Revision) -> None:
    jobs = _jobs_of(revision).filter(state__in=OPEN)
    if not jobs:
        raise RegistryError("nothing of it waits or runs here")
    for job in jobs:
        with suppress(JobMoved):  # It ended just now, as was wanted.
            work.cancel(job)


def _jobs_of(revision: Revision) -> QuerySet[Job]:
    return Job.objects.filter(pipeline__revision=revision)


def _node(pipeline: Pipeline) -> pictures.Node:
    return pictures.Node(
        id=pipeline.pipeline_id,
        label=pipeline.title,
        detail=f"{pipeline.resource} {_took(pipeline)}".strip(),
        state=pipeline.state,
        needs=frozenset(needs_of(pipeline)),
        link=page_of(pipeline),
    )


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
