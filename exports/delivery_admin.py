"""What staff see of deliveries: what was posted where, and what came back."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from exports import deliveries
from exports.models import Delivery
from tasks.operated_admin import OfJobAdmin, claims

BODIES = ("data", "answer_body")
GONE = "no longer kept"
MOST_SHOWN = 64 << 10


@admin.register(Delivery)
class DeliveryAdmin(OfJobAdmin):
    """Addresses are shown without their query strings, which often hold secrets."""

    list_display = (
        *("id", "client", "where", "state", "answer_text", "attempts"),
        *("created_at", "sending_at", "answered_at", "collected_at"),
    )
    list_filter = ("job__state", "created_at")
    search_fields = ("=id", "^client__name", "=job")
    ordering = ("-created_at",)
    keyset = "created_at"
    sortable_by = ("created_at",)
    actions = ("cancel_jobs", "replay_deliveries")
    buttons = {"cancel_jobs": "Cancel", "replay_deliveries": "Send once more"}
    fields = (
        *("id", "client", "where", "state", "job_link", "attempts", "error"),
        *("created_at", "sending_at", "answered_at", "claimed_at", "collected_at"),
        *("answer_text", "answer", "request"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Of a list's rows nobody reads the bodies, which are long.
        rows = super().get_queryset(request).select_related("client", "job")
        told: QuerySet[Any] = rows.annotate(claims=claims())
        return told.defer(*BODIES, "job__params", "job__cursor")

    @admin.action(description="Send once more, as new ones", permissions=["operate"])
    def replay_deliveries(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        def replay(one: Delivery) -> None:
            again = deliveries.replay(delivery=one, by=request.user.get_username())
            self.log_addition(request, again, f"Replay of {one}.")

        self.each(request, chosen.order_by("created_at"), replay, "On their way")

    @admin.display(description="Destination")
    def where(self, delivery: Delivery) -> str:
        try:
            parts = urlsplit(delivery.destination)
        except ValueError:
            return "not a URL"
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}"

    @admin.display
    def attempts(self, delivery: Any) -> int:
        return delivery.claims or 0

    @admin.display(description="Answer's body")
    def answer(self, delivery: Delivery) -> SafeString:
        return _shown(delivery.answer_body if delivery.data else GONE)

    @admin.display(description="What was to be posted")
    def request(self, delivery: Delivery) -> SafeString:
        return _shown(delivery.data or GONE)


def _shown(text: str) -> SafeString:
    rest = len(text) - MOST_SHOWN
    more = f"… and {rest} characters more" if rest > 0 else ""
    return format_html("<pre>{}</pre>{}", text[:MOST_SHOWN], more)
