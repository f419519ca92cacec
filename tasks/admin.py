"""What staff see of the work: jobs with their logs, clients, keys, files, hosts."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tasks import services
from tasks import task_admin as task_admin
from tasks.engine import doorbell
from tasks.models import ApiKey, Artifact, Client, Identity, Job, WorkerHost
from tasks.operated_admin import OfJobAdmin as OfJobAdmin
from tasks.operated_admin import OperatedAdmin as OperatedAdmin
from tasks.operated_admin import ReadOnlyAdmin as ReadOnlyAdmin
from tasks.outbound import OutboundError
from tasks.outbound.urls import parse

EVENTS_SHOWN = 200

# Whoever may add a schedule there could run any function of this process.
doorbell.hide_from_admin()


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
