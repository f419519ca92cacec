"""What staff see of events: who subscribes to them, and how each was delivered."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet, URLField
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registry import events, subscriptions
from registry.errors import NotOfOwner
from registry.models import EventDelivery, Subscription
from tasks.admin import ReadOnlyAdmin
from tasks.errors import JobMoved
from tasks.models import JobEvent
from tasks.outbound import OutboundError

ONCE = "The secret of {}, which is shown this once only: {}"
CLAIMED = Q(job__events__kind=JobEvent.Kind.CLAIMED)


class SubscriptionForm(forms.ModelForm[Subscription]):
    def clean(self) -> dict[str, Any]:
        told = {**(super().clean() or {})}
        # On a change only the form's own fields are there.
        owner = told.get("owner", self.instance.owner)
        dataset = told.get("dataset", self.instance.dataset)
        if "url" in told:
            self._check(owner=owner, url=told["url"], dataset=dataset)
        return told

    def _check(self, **fields: Any) -> None:
        try:
            subscriptions.check_subscription(**fields)
        except NotOfOwner as error:
            self.add_error("dataset", str(error))
        except OutboundError as error:
            self.add_error("url", str(error))


@admin.register(Subscription)
class SubscriptionAdmin(admin.ModelAdmin[Subscription]):
    """Secrets are shown when they are made, and in no form or list."""

    form = SubscriptionForm
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    list_display = (
        *("owner", "dataset", "url", "only_failures"),
        *("created_at", "disabled_at", "old_secret_until"),
    )
    list_display_links = ("url",)
    list_filter = (("disabled_at", admin.EmptyFieldListFilter), "only_failures")
    list_select_related = ("dataset",)
    search_fields = ("owner", "dataset__name", "url")
    ordering = ("-created_at",)
    fields = ("owner", "dataset", "url", "only_failures")
    autocomplete_fields = ("dataset",)
    actions = ("rotate", "disable", "enable")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Subscription | None = None
    ) -> tuple[str, ...]:
        return ("owner", "dataset") if obj else ()

    def save_model(
        self, request: HttpRequest, obj: Subscription, form: Any, change: Any
    ) -> None:
        """Add by the service that makes the secret, and show it."""
        if change:
            super().save_model(request, obj, form, change)
            return
        made, secret = subscriptions.subscribe(
            owner=obj.owner,
            dataset=obj.dataset,
            url=obj.url,
            only_failures=obj.only_failures,
        )
        obj.pk = made.pk
        self._show(request, made, secret)

    @admin.action(description="Make new secrets", permissions=["change"])
    def rotate(self, request: HttpRequest, chosen: QuerySet[Subscription]) -> None:
        for one in chosen:
            at = timezone.now()
            secret = subscriptions.rotate_secret(subscription=one, at=at)
            self._show(request, one, secret)

    @admin.action(description="Send them nothing more", permissions=["change"])
    def disable(self, request: HttpRequest, chosen: QuerySet[Subscription]) -> None:
        for one in chosen:
            subscriptions.disable(subscription=one, at=timezone.now())
        self.message_user(request, f"Disabled: {len(chosen)}.", messages.SUCCESS)

    @admin.action(description="Send to them again", permissions=["change"])
    def enable(self, request: HttpRequest, chosen: QuerySet[Subscription]) -> None:
        for one in chosen:
            subscriptions.enable(subscription=one)
        self.message_user(request, f"Enabled: {len(chosen)}.", messages.SUCCESS)

    def _show(self, request: HttpRequest, one: Subscription, secret: str) -> None:
        self.message_user(request, ONCE.format(one, secret), messages.WARNING)


@admin.register(EventDelivery)
class EventDeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        *("event_time", "revision", "subscription", "outcome", "state"),
        *("status", "attempts", "answer", "delivered_at"),
    )
    list_filter = ("job__state", "status")
    list_select_related = ("event__revision__dataset", "subscription__dataset", "job")
    search_fields = (
        *("=event__id", "event__revision__dataset__owner"),
        *("event__revision__dataset__name", "subscription__url"),
    )
    ordering = ("-pk",)
    fields = (
        *("event", "revision", "subscription", "outcome", "state", "status"),
        *("attempts", "answer", "error", "delivered_at", "body"),
    )
    actions = ("replay",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[EventDelivery]:
        deliveries: QuerySet[EventDelivery] = super().get_queryset(request)
        return deliveries.annotate(claims=Count("job__events", filter=CLAIMED))

    @admin.display(description="Ended", ordering="event__created_at")
    def event_time(self, delivery: EventDelivery) -> str:
        return f"{delivery.event.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display
    def revision(self, delivery: EventDelivery) -> str:
        return delivery.event.revision.flow_id

    @admin.display
    def outcome(self, delivery: EventDelivery) -> str:
        return str(delivery.event.body["status"])

    @admin.display(description="Job", ordering="job__state")
    def state(self, delivery: EventDelivery) -> SafeString | None:
        if delivery.job is None:
            return None
        url = reverse("admin:tasks_job_change", args=[delivery.job.pk])
        return format_html('<a href="{}">{}</a>', url, delivery.job.get_state_display())

    @admin.display(ordering="claims")
    def attempts(self, delivery: EventDelivery) -> int:
        claims: int = getattr(delivery, "claims", 0)
        return claims

    @admin.display
    def error(self, delivery: EventDelivery) -> str:
        return delivery.job.error if delivery.job else ""

    @admin.display
    def body(self, delivery: EventDelivery) -> str:
        return str(delivery.event.body)

    @admin.action(description="Send once more", permissions=["operate"])
    def replay(self, request: HttpRequest, chosen: QuerySet[EventDelivery]) -> None:
        sent = 0
        for one in chosen:
            try:
                events.replay(one)
            except JobMoved as error:
                self.message_user(request, f"Not done: {error}.", messages.WARNING)
            else:
                sent += 1
        self.message_user(request, f"On their way: {sent}.", messages.SUCCESS)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registry.change_eventdelivery")
