"""What the admin's pages share: rows that only the service writes, and their jobs."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tasks import services
from tasks.errors import EntrepotError, JobMoved


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows that only the service itself writes."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False


class OperatedAdmin(ReadOnlyAdmin):
    """Rows whose jobs who may change jobs can stop and start."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tasks.change_job")

    def each(
        self, request: HttpRequest, rows: Iterable[Any], act: Any, done: str
    ) -> None:
        """Do something to each row, and say what was done and what could not be."""
        moved = 0
        for row in rows:
            try:
                act(row)
            except EntrepotError as error:
                why = str(error).removesuffix(".")
                told = f"Not done: {row}: {why}."
                self.message_user(request, told, messages.WARNING)
            else:
                moved += 1
        if moved:
            self.message_user(request, f"{done}: {moved}.", messages.SUCCESS)


class OfJobAdmin(OperatedAdmin):
    """Rows that stand for one job each."""

    @admin.action(description="Cancel the selected ones", permissions=["operate"])
    def cancel_jobs(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.each(request, rows, _cancel_job_of, "Asked to stop")

    @admin.display(description="State", ordering="job__state")
    def state(self, row: Any) -> str:
        return str(row.job.get_state_display())

    @admin.display(description="Error")
    def error(self, row: Any) -> str:
        return str(row.job.error)

    @admin.display(description="Job, with its log")
    def job_link(self, row: Any) -> SafeString:
        url = reverse("admin:tasks_job_change", args=[row.job_id])
        return format_html('<a href="{}">{}</a>', url, row.job_id)


def _cancel_job_of(row: Any) -> None:
    if row.job is None:
        raise EntrepotError("it has no job")
    try:
        services.cancel(row.job)
    except JobMoved:
        raise EntrepotError("it has ended") from None
