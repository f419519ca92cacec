"""What staff see of sharing: who may read what, who has, and how much there is."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from exports import sharing
from exports.models import EventStream, Share, ShareQuery
from tasks.operated_admin import OfJobAdmin, OperatedAdmin, ReadOnlyAdmin

WAITS, READY, FETCHED = "Waits", "Ready", "Fetched"


@admin.register(EventStream)
class EventStreamAdmin(ReadOnlyAdmin):
    list_display = (
        *("name", "client", "time_key", "head", "newest", "segments", "tail"),
        *("size_bytes", "last_inserted_at", "created_at"),
    )
    list_select_related = ("client",)
    search_fields = ("name", "client__name")
    ordering = ("-created_at",)
    fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        current = Q(segments__replaced_at__isnull=True)
        told: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                filed=Count("segments", filter=current),
                filed_rows=Sum("segments__rows", filter=current, default=0),
                filed_bytes=Sum(
                    "segments__data__size_bytes", filter=current, default=0
                ),
            )
        )
        return told

    @admin.display(description="Segments", ordering="filed")
    def segments(self, stream: Any) -> int:
        return int(stream.filed)

    @admin.display(description="Not filed yet")
    def tail(self, stream: Any) -> int:
        return int(stream.head - stream.filed_rows)

    @admin.display(description="Bytes", ordering="filed_bytes")
    def size_bytes(self, stream: Any) -> int:
        return int(stream.filed_bytes)


@admin.register(Share)
class ShareAdmin(OperatedAdmin):
    """Shares are made by `publish_share`; here they are looked at, and ended."""

    list_display = (
        *("id", "stream", "kind", "readers", "created_at", "expires_at", "revoked_at"),
        "last_fetched_at",
    )
    list_filter = ("kind", ("revoked_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("stream",)
    search_fields = ("=id", "stream__name", "clients__name")
    ordering = ("-created_at",)
    actions = ("revoke_tokens", "revoke_shares")
    fields = (
        *("id", "stream", "kind", "readers", "keys", "filter", "row_limit"),
        *("window_start", "window_end", "created_at", "expires_at", "revoked_at"),
        *("epoch", "last_fetched_at", "queries_link"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        shares = super().get_queryset(request).prefetch_related("clients")
        theirs = ShareQuery.objects.filter(
            share=OuterRef("pk"), collected_at__isnull=False
        )
        last = theirs.order_by("-created_at").values("collected_at")[:1]
        told: QuerySet[Any] = shares.annotate(fetched=Subquery(last))
        return told

    @admin.action(description="Revoke all tokens so far", permissions=["operate"])
    def revoke_tokens(self, request: HttpRequest, chosen: QuerySet[Share]) -> None:
        count = sharing.revoke_tokens(_plain(chosen))
        self._log(request, chosen, "All tokens revoked.")
        told = f"Tokens revoked of shares: {count}."
        self.message_user(request, told, messages.SUCCESS)

    @admin.action(description="Revoke the selected shares", permissions=["operate"])
    def revoke_shares(self, request: HttpRequest, chosen: QuerySet[Share]) -> None:
        count = sharing.revoke(_plain(chosen), at=timezone.now())
        self._log(request, chosen, "Revoked.")
        self.message_user(request, f"Revoked: {count}.", messages.SUCCESS)

    def _log(self, request: HttpRequest, chosen: QuerySet[Share], told: str) -> None:
        for share in chosen:
            self.log_change(request, share, told)

    @admin.display(description="Readers")
    def readers(self, share: Share) -> str:
        return ", ".join(one.name for one in share.clients.all())

    @admin.display(description="Last fetched at", ordering="fetched")
    def last_fetched_at(self, share: Any) -> Any:
        return share.fetched

    @admin.display(description="Who fetched what")
    def queries_link(self, share: Share) -> SafeString:
        url = reverse("admin:exports_sharequery_changelist")
        return format_html(
            '<a href="{}?share__id__exact={}">{}</a>', url, share.pk, "queries"
        )


def _plain(chosen: QuerySet[Share]) -> QuerySet[Share]:
    """Match the same rows without what the list counts of them."""
    return Share.objects.filter(pk__in=[one.pk for one in chosen])


@admin.register(ShareQuery)
class ShareQueryAdmin(OfJobAdmin):
    """A query of a share, from its post to the last byte of its results."""

    list_display = (
        *("id", "share", "client", "is_count", "state", "rows"),
        *("created_at", "finished_at", "collected_at"),
    )
    list_filter = (
        *("is_count", ("collected_at", admin.EmptyFieldListFilter), "created_at"),
    )
    list_select_related = ("share", "client", "job")
    search_fields = ("=id", "=share", "^client__name")
    ordering = ("-created_at",)
    keyset = "created_at"
    sortable_by = ("created_at",)
    actions = ("cancel_jobs",)
    fields = (
        *("id", "share", "client", "is_count", "asked", "state", "rows", "job_link"),
        *("created_at", "finished_at", "claimed_at", "collected_at"),
    )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        ours = lookup in {"share__id__exact", "client__id__exact"}
        return ours or super().lookup_allowed(lookup, value, request)

    def offered(self, row: Any) -> Iterable[str]:
        return super().offered(row) if row.job else ()

    @admin.display(description="State")
    def state(self, row: ShareQuery) -> SafeString:
        ended = FETCHED if row.collected_at else READY if row.finished_at else WAITS
        if row.job and not row.finished_at:
            return super().state(row)
        return format_html("{}", ended)

    @admin.display(description="Rows")
    def rows(self, query: ShareQuery) -> int | None:
        answer = query.answer or {}
        found: int | None = answer.get("count", answer.get("rows"))
        return found

    @admin.display(description="Job, with its log")
    def job_link(self, row: ShareQuery) -> SafeString | str:
        return super().job_link(row) if row.job else "none: it is made as it is fetched"
