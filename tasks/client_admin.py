"""What staff see of who asks: clients, their identities and keys, and their end."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from tasks.errors import EntrepotError
from tasks.models import ApiKey, Client, Identity
from tasks.operated_admin import ActingAdmin, ReadOnlyAdmin
from tasks.outbound import OutboundError
from tasks.outbound.urls import parse
from tasks.related import lists_of


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


class RevokingAdmin(ActingAdmin):
    """Rows that let somebody in, until who may revoke keys revokes them."""

    buttons = {"revoke": "Revoke"}

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tasks.change_apikey")

    def offered(self, row: Any) -> list[str]:
        return [] if row.revoked_at else ["revoke"]

    @admin.action(description="Revoke the selected ones", permissions=["revoke"])
    def revoke(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        self.each(request, rows, self.revoke_one, "Revoked")

    def revoke_one(self, row: Any) -> None:
        unrevoked = type(row).objects.filter(pk=row.pk, revoked_at=None)
        if not unrevoked.update(revoked_at=timezone.now()):
            raise EntrepotError("it is revoked already")


@admin.register(Client)
class ClientAdmin(RevokingAdmin):
    form = ClientForm
    change_form_template = "admin/row.html"
    list_display = ("name", "max_open_jobs", "created_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "identities__subject")
    ordering = ("name",)
    readonly_fields = ("links", "where_to")
    actions = ("revoke",)
    inlines = (IdentityInline,)

    def get_fields(self, request: HttpRequest, obj: Client | None = None) -> Any:
        # A query string often holds a secret, which who only looks is not shown.
        shown = obj is None or self.has_change_permission(request, obj)
        destinations = "destinations" if shown else "where_to"
        return ("name", "max_open_jobs", destinations, "revoked_at", "links")

    @admin.display(description="Destinations")
    def where_to(self, client: Client) -> str:
        return "\n".join(url.partition("?")[0] for url in client.destinations)

    @admin.display(description="What it has")
    def links(self, client: Client) -> SafeString | str:
        return lists_of(client) if client.pk else "-"


@admin.register(ApiKey)
class ApiKeyAdmin(RevokingAdmin, ReadOnlyAdmin):
    """Keys are made by `create_key`, which shows them once; here they end."""

    list_display = (
        *("hint", "client", "scopes", "created_at", "expires_at", "revoked_at"),
        "last_used_at",
    )
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("client",)
    search_fields = ("^client__name",)
    exclude = ("digest",)
    actions = ("revoke",)
    ordering = ("-pk",)
    keyset = "pk"
