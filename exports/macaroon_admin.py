"""What staff see of macaroons: their identifiers, with secrets to set and an end."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest

from exports import capabilities
from exports.capabilities import AnothersIdentifier
from exports.macaroons import MAX_IDENTIFIER_CHARS
from exports.models import MacaroonIdentifier
from tasks.client_admin import RevokingAdmin
from tasks.errors import EntrepotError
from tasks.models import Client
from tasks.sealed import seal


class MacaroonForm(forms.ModelForm[MacaroonIdentifier]):
    secret = forms.CharField(
        required=False,
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=(
            "What signs this identifier's tokens; it is never shown again. Empty: the "
            "one it has, else MACAROON_SECRET."
        ),
    )


class AddMacaroonForm(MacaroonForm):
    identifier = forms.CharField(max_length=MAX_IDENTIFIER_CHARS, strip=False)
    client = forms.ModelChoiceField(
        Client.objects.order_by("name"),
        required=False,
        help_text="Empty: one of its own.",
    )

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if identifier := told.get("identifier"):
            self._check(identifier, told.get("client"))
        return told

    def _check(self, identifier: str, client: Client | None) -> None:
        if capabilities.find_identifier(identifier):
            raise ValidationError({"identifier": "It is here already."})
        try:
            capabilities.check_owner(identifier, client)
        except AnothersIdentifier as error:
            raise ValidationError({"client": str(error)}) from None


@admin.register(MacaroonIdentifier)
class MacaroonIdentifierAdmin(RevokingAdmin):
    """Identifiers come by use, by `mint_macaroon` or by hand; none is deleted."""

    form = MacaroonForm
    change_form_template = "admin/row.html"
    list_display = (
        *("identifier", "client", "has_secret", "listed_only"),
        *("created_at", "revoked_at"),
    )
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "listed_only")
    list_select_related = ("identity__client",)
    search_fields = ("identity__subject", "identity__client__name")
    ordering = ("-created_at", "-pk")
    actions = ("revoke",)

    def get_form(
        self,
        request: HttpRequest,
        obj: MacaroonIdentifier | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's signature
        **kwargs: Any,
    ) -> Any:
        if obj is None:
            kwargs["form"] = AddMacaroonForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj is None:
            return ("identifier", "client", "secret", "listed_only")
        shown = (*self.get_readonly_fields(request, obj), "listed_only")
        return (*shown, "secret") if self.has_change_permission(request, obj) else shown

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> Any:
        if obj is None:
            return ()
        return ("identifier", "client", "has_secret", "created_at", "revoked_at")

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        # Else a revoked identifier would be good again at its next visit.
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: MacaroonIdentifier,
        form: Any,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        told = form.cleaned_data
        changed = ["listed_only"]
        if told["secret"]:
            obj.sealed_secret = seal(told["secret"])
            changed.append("sealed_secret")
        if change:
            # Whoever revoked it since this page was shown has revoked it.
            obj.save(update_fields=changed)
            return
        obj.identity = capabilities.claim_identity(told["identifier"], told["client"])
        obj.save()

    def revoke_one(self, row: MacaroonIdentifier) -> None:
        if not capabilities.revoke(MacaroonIdentifier.objects.filter(pk=row.pk)):
            raise EntrepotError("it is revoked already")

    @admin.display(description="Identifier", ordering="identity__subject")
    def identifier(self, known: MacaroonIdentifier) -> str:
        return known.identity.subject

    @admin.display(description="Client", ordering="identity__client__name")
    def client(self, known: MacaroonIdentifier) -> Client:
        return known.client

    @admin.display(description="Own secret", boolean=True)
    def has_secret(self, known: MacaroonIdentifier) -> bool:
        return bool(known.sealed_secret)
