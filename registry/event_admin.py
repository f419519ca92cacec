"""What staff see of events: who subscribes to them, and how each was delivered."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet, URLField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from registry import events, subscriptions
from registry.errors import NotOfOwner
from registry.models import EventDelivery, Subscription
from tasks.dashboard.panel import link
from tasks.errors import EntrepotError
from tasks.operated_admin import ActingAdmin, ReadOnlyAdmin, claims, state_shown
from tasks.outbound import OutboundError
from tasks.related import link_to, page_of
from tasks.states import FINAL

ONCE = "The secret of {}, which is shown this once only: {}"


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
class SubscriptionAdmin(ActingAdmin):
    """Secrets are shown when they are made, and in no form or list."""

    form = SubscriptionForm
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    list_display = (
        *("owner", "dataset", "where", "only_failures"),
        *("created_at", "disabled_at", "old_secret_until"),
    )
    list_display_links = ("where",)
    list_filter = (("disabled_at", admin.EmptyFieldListFilter), "only_failures")
    list_select_related = ("dataset",)
    search_fields = ("owner", "dataset__name", "url")
    ordering = ("-created_at",)
    autocomplete_fields = ("dataset",)
    actions = ("rotate", "disable", "enable")

    def get_fields(
        self, request: HttpRequest, obj: Subscription | None = None
    ) -> tuple[str, ...]:
        # A query string often holds a secret, which who only looks is not shown.
        shown = self.has_change_permission(request, obj) or obj is None
        return ("owner", "dataset", "url" if shown else "where", "only_failures")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Subscription | None = None
    ) -> tuple[str, ...]:
        return ("owner", "dataset", "where") if obj else ()

    @admin.display(description="URL", ordering="url")
    def where(self, subscription: Subscription) -> str:
        return subscription.url.partition("?")[0]

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
        def disable(one: Subscription) -> None:
            if one.disabled_at:
                raise EntrepotError("it is disabled already")
            subscriptions.disable(subscription=one, at=timezone.now())

        self.each(request, chosen, disable, "Disabled")

    @admin.action(description="Send to them again", permissions=["change"])
    def enable(self, request: HttpRequest, chosen: QuerySet[Subscription]) -> None:
        def enable(one: Subscription) -> None:
            if not one.disabled_at:
                raise EntrepotError("it is not disabled")
            subscriptions.enable(subscription=one)

        self.each(request, chosen, enable, "Enabled")

    def _show(self, request: HttpRequest, one: Subscription, secret: str) -> None:
        self.message_user(request, ONCE.format(one, secret), messages.WARNING)


@admin.register(EventDelivery)
class EventDeliveryAdmin(ActingAdmin, ReadOnlyAdmin):
    list_display = (
        *("event_time", "revision", "receiver", "outcome", "state"),
        *("status", "attempts", "answer", "delivered_at"),
    )
    list_filter = ("job__state",)
    list_select_related = ("event__revision__dataset", "subscription__dataset", "job")
    search_fields = (
        *("=event", "=job", "^event__revision__dataset__owner"),
        "^event__revision__dataset__name",
    )
    ordering = ("-pk",)
    keyset = "pk"
    live_every_s = 2.0
    fields = (
        *("event", "revision", "receiver", "outcome", "state", "status"),
        *("attempts", "answer", "error", "delivered_at", "body"),
    )
    actions = ("replay",)
    buttons = {"replay": "Send once more"}

    def get_queryset(self, request: HttpRequest) -> QuerySet[EventDelivery]:
        deliveries: QuerySet[EventDelivery] = super().get_queryset(request)
        return deliveries.annotate(claims=claims())

    @admin.display(description="Ended")
    def event_time(self, delivery: EventDelivery) -> str:
        return f"{delivery.event.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display
    def revision(self, delivery: EventDelivery) -> SafeString | str:
        return link_to(delivery.event.revision)

    @admin.display(description="Subscription")
    def receiver(self, delivery: EventDelivery) -> SafeString | str:
        return link_to(delivery.subscription)

    @admin.display
    def outcome(self, delivery: EventDelivery) -> str:
        return str(delivery.event.body["status"])

    @admin.display
    def state(self, delivery: EventDelivery) -> SafeString | None:
        if delivery.job is None:
            return None
        shown = state_shown(delivery.job, ends=delivery.job.state in FINAL)
        return link(page_of(delivery.job), shown)

    @admin.display
    def attempts(self, delivery: EventDelivery) -> int:
        return getattr(delivery, "claims", None) or 0

    @admin.display
    def error(self, delivery: EventDelivery) -> str:
        return delivery.job.error if delivery.job else ""

    @admin.display
    def body(self, delivery: EventDelivery) -> str:
        return str(delivery.event.body)

    @admin.action(description="Send once more", permissions=["operate"])
    def replay(self, request: HttpRequest, chosen: QuerySet[EventDelivery]) -> None:
        self.each(request, chosen, events.replay, "On their way")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registry.change_eventdelivery")
