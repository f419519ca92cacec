"""What staff see of exports: tasks, how far they are, what came of them."""

import json
from typing import Any, get_args

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest
from django.utils.safestring import SafeString

from exports import delivery_admin as delivery_admin
from exports import macaroon_admin as macaroon_admin
from exports import sharing_admin as sharing_admin
from exports.models import ExportTask
from exports.request import FileType
from tasks import services
from tasks.operated_admin import OfJobAdmin
from tasks.related import link_to
from tasks.states import JobState


class FileTypeFilter(admin.SimpleListFilter):
    title = "file type"
    parameter_name = "file_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in get_args(FileType)]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ExportTask]
    ) -> QuerySet[ExportTask]:
        wanted = self.value()
        if not wanted:
            return queryset
        return queryset.filter(request__configuration__file_type=wanted)


@admin.register(ExportTask)
class ExportTaskAdmin(OfJobAdmin):
    """Addresses are shown without their query strings, which often hold secrets."""

    list_display = (
        *("id", "state", "client", "file_type", "percent", "rows", "size_bytes"),
        *("created_at", "finished_at", "expires_at", "error_code"),
    )
    list_filter = ("job__state", FileTypeFilter, "created_at")
    search_fields = ("=id", "^client__name", "=job")
    ordering = ("-created_at",)
    keyset = "created_at"
    sortable_by = ("created_at",)
    actions = ("cancel_jobs", "retry_jobs")
    buttons = {"cancel_jobs": "Cancel", "retry_jobs": "Retry"}
    fields = (
        *("id", "client", "state", "percent", "error", "job_link", "file"),
        *("rows", "size_bytes", "created_at", "finished_at", "expires_at", "wanted"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # A snapshot may be long, and nobody but a worker reads what is sealed.
        tasks = super().get_queryset(request).select_related("client", "job")
        told: QuerySet[Any] = tasks.annotate(
            kind=KT("request__configuration__file_type")
        )
        return told.defer("request", "sealed", "job__params", "job__cursor")

    def offered(self, row: Any) -> list[str]:
        return [] if row.job.state == JobState.SUCCEEDED else [*super().offered(row)]

    @admin.action(description="Retry the selected ones", permissions=["operate"])
    def retry_jobs(self, request: HttpRequest, tasks: QuerySet[Any]) -> None:
        self.each(request, tasks, lambda one: services.retry(one.job), "Queued again")

    @admin.display(description="File type")
    def file_type(self, task: Any) -> str:
        return str(task.kind)

    @admin.display(description="Request")
    def wanted(self, task: ExportTask) -> str:
        shown = dict(task.request["configuration"])
        for name in ("source_url", "db_url"):
            if url := shown.get(name):
                shown[name] = url.partition("?")[0]
        return json.dumps({**task.request, "configuration": shown}, ensure_ascii=False)

    @admin.display(description="%")
    def percent(self, task: ExportTask) -> int | None:
        return task.job.percent

    @admin.display(description="Rows")
    def rows(self, task: ExportTask) -> int:
        return task.job.rows

    @admin.display(description="Bytes")
    def size_bytes(self, task: ExportTask) -> int:
        return task.job.size_bytes

    @admin.display(description="Finished at")
    def finished_at(self, task: ExportTask) -> Any:
        return task.job.finished_at

    @admin.display(description="Error code")
    def error_code(self, task: ExportTask) -> str:
        return task.job.error_code

    @admin.display(description="File")
    def file(self, task: ExportTask) -> SafeString | str:
        return link_to(task.artifact)
