"""What staff see of the work: jobs with their logs, clients, keys, files, hosts."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tasks import services
from tasks.engine import doorbell
from tasks.errors import EntrepotError, JobMoved
from tasks.models import ApiKey, Artifact, Client, Identity, Job, WorkerHost
from tasks.outbound import OutboundError
from tasks.outbound.urls import parse

EVENTS_SHOWN = 200

# Whoever may add a schedule there could run any function of this process.
doorbell.hide_from_admin()


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
    try:
        services.cancel(row.job)
    except JobMoved:
        raise EntrepotError("it has ended") from None


@admin.register(Job)
class JobAdmin(OperatedAdmin):
    list_display = (
        *("id", "kind", "client", "state", "percent", "rows", "attempt", "retries"),
        *("queued_at", "started_at", "finished_at", "error_code"),
    )
    list_filter = ("state", "kind", "error_code")
    list_select_related = ("client",)
    search_fields = ("=id", "client__name", "error")
    ordering = ("-queued_at",)
    actions = ("cancel_jobs", "retry_jobs")
    fieldsets = (
        (None, {"fields": ("kind", "client", "state", "error", "log")}),
        ("Progress", {"fields": ("done", "total", "rows", "size_bytes", "cursor")}),
        (
            "Times",
            {
                "fields": (
                    *("queued_at", "started_at", "finished_at", "due_at"),
                    *("cancel_requested_at", "deadline_at"),
                )
            },
        ),
        (
            "Running",
            {
                "fields": (
                    *("lane", "serial", "params", "rev", "fence", "lease_owner"),
                    *("attempt", "max_attempts", "retries", "max_retries"),
                )
            },
        ),
    )

    @admin.display(description="Log, newest first")
    def log(self, job: Job) -> SafeString:
        events = job.events.order_by("-id")[:EVENTS_SHOWN]
        rows = (
            (f"{one.at:%Y-%m-%d %H:%M:%S.%f}"[:-3], one.get_kind_display(), one.data)
            for one in events
        )
        lines = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
        return format_html("<table>{}</table>", lines)

    @admin.action(description="Cancel the selected jobs", permissions=["operate"])
    def cancel_jobs(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        self.each(request, jobs, services.cancel, "Asked to stop")

    @admin.action(description="Retry the selected jobs", permissions=["operate"])
    def retry_jobs(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        self.each(request, jobs, services.retry, "Queued again")


class DestinationsField(forms.CharField):
    """A list of addresses, one in each line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return (super().to_python(value) or "").split()

    def validate(self, value: Any) -> None:
        super().validate(value)
        for url in value:
            try:
                parse(url)
            except OutboundError as error:
                raise forms.ValidationError(str(error)) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != (initial or []))


class ClientForm(forms.ModelForm[Client]):
    destinations = DestinationsField(
        required=False,
        help_text=(
            "Where this client may have data delivered to: whole URLs, one in each"
            " line, which a request must name exactly."
        ),
    )


class IdentityInline(admin.TabularInline[Identity, Client]):
    model = Identity
    extra = 0


@admin.register(Client)
class ClientAdmin(admin.ModelAdmin[Client]):
    form = ClientForm
    list_display = ("name", "max_open_jobs", "created_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "identities__subject")
    ordering = ("name",)
    inlines = (IdentityInline,)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys are made by `create_key`, which shows them once; here they end."""

    list_display = (
        *("hint", "client", "scopes", "created_at", "expires_at", "revoked_at"),
        "last_used_at",
    )
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("client",)
    search_fields = ("hint", "client__name")
    exclude = ("digest",)
    actions = ("revoke",)
    ordering = ("-created_at",)

    @admin.action(description="Revoke the selected keys", permissions=["operate"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        count = keys.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, f"Revoked: {count}.", messages.SUCCESS)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tasks.change_apikey")


@admin.register(Artifact)
class ArtifactAdmin(ReadOnlyAdmin):
    list_display = ("name", "size_bytes", "rows", "media_type", "created_at", "digest")
    list_filter = ("media_type",)
    search_fields = ("=digest", "name")
    ordering = ("-created_at",)


@admin.register(WorkerHost)
class WorkerHostAdmin(ReadOnlyAdmin):
    list_display = ("owner", "workers", "started_at", "seen_at")
    ordering = ("-seen_at",)
