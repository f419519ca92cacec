"""What staff see of the registry: datasets, revisions, pipelines and files."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from registry.models import Dataset, Output, Pipeline, Revision
from tasks.admin import ReadOnlyAdmin


class RevisionInline(admin.TabularInline[Revision, Dataset]):
    model = Revision
    fields = ("link", "state", "created_at", "finished_at")
    readonly_fields = fields
    extra = 0
    max_num = 0
    can_delete = False
    ordering = ("-number",)

    @admin.display(description="Revision")
    def link(self, revision: Revision) -> SafeString:
        url = reverse("admin:registry_revision_change", args=[revision.pk])
        return format_html('<a href="{}">{}</a>', url, revision.number)


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = (
        *("__str__", "title", "findability", "certified", "newest"),
        *("period_s", "scheduled_for", "created_at"),
    )
    list_filter = ("findability", "certified")
    search_fields = ("owner", "name", "title")
    ordering = ("-created_at",)
    inlines = (RevisionInline,)


class PipelineInline(admin.TabularInline[Pipeline, Revision]):
    model = Pipeline
    fields = ("link", "title", "state", "started_at", "finished_at", "error_log")
    readonly_fields = fields
    extra = 0
    max_num = 0
    can_delete = False
    ordering = ("position",)

    @admin.display(description="Pipeline, with its job")
    def link(self, pipeline: Pipeline) -> SafeString | str:
        if pipeline.job_id is None:
            return pipeline.pipeline_id
        url = reverse("admin:tasks_job_change", args=[pipeline.job_id])
        return format_html('<a href="{}">{}</a>', url, pipeline.pipeline_id)


class OutputInline(admin.TabularInline[Output, Revision]):
    model = Output
    fields = ("path", "artifact")
    readonly_fields = fields
    extra = 0
    max_num = 0
    can_delete = False
    ordering = ("path",)


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "state", "findability", "created_at", "finished_at")
    list_filter = ("state", "findability")
    list_select_related = ("dataset",)
    search_fields = ("dataset__owner", "dataset__name")
    ordering = ("-created_at",)
    fields = (
        *("dataset", "number", "state", "error_lines", "log_lines", "stats"),
        *("findability", "created_at", "modified_at", "finished_at", "spec"),
    )
    inlines = (PipelineInline, OutputInline)

    @admin.display(description="Logs")
    def log_lines(self, revision: Revision) -> SafeString:
        return _lines(revision.logs)

    @admin.display(description="Error log")
    def error_lines(self, revision: Revision) -> SafeString:
        return _lines(revision.error_log)


def _lines(lines: list[str] | None) -> SafeString:
    return format_html_join("", "{}<br>", ((line,) for line in lines or []))
