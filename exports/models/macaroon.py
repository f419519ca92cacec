"""What we keep of macaroons: whose identifiers they are, and which are revoked."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from tasks.models import Client, Identity


class MacaroonIdentifierQuerySet(models.QuerySet["MacaroonIdentifier"]):
    def named(self, identifier: str) -> MacaroonIdentifierQuerySet:
        return self.filter(
            identity__scheme=Identity.Scheme.MACAROON, identity__subject=identifier
        )


class MacaroonIdentifier(models.Model):
    """An identifier that was minted for, was seen in a genuine token, or is to be."""

    identity = models.OneToOneField(
        Identity, on_delete=models.PROTECT, related_name="macaroon"
    )
    sealed_secret = models.TextField(blank=True, default="", editable=False)
    listed_only = models.BooleanField(
        default=False,
        help_text=(
            "Only what the client's own list has: some token names no destination, "
            "and whoever holds a token can write more caveats into it."
        ),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(
        null=True, blank=True, help_text="Its tokens are refused from then on."
    )

    objects = MacaroonIdentifierQuerySet.as_manager()

    def __str__(self) -> str:
        return self.identity.subject

    @property
    def client(self) -> Client:
        return self.identity.client

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None or self.client.revoked_at is not None
