"""Who is asking: clients, the identities they come by, and their API keys."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Client(models.Model):
    name = models.CharField(max_length=200, unique=True)
    max_open_jobs = models.PositiveIntegerField(
        null=True, blank=True, help_text="Empty: the service's default."
    )
    destinations = models.JSONField(
        default=list,
        blank=True,
        help_text="URLs this client may have data delivered to.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Identity(models.Model):
    """A name by which another system vouches for a client."""

    class Scheme(models.TextChoices):
        JWT = "jwt", "Token of the auth server"  # subject: the claim `userid`
        MACAROON = "macaroon", "Macaroon"  # subject: its identifier
        OIDC = "oidc", "OpenID Connect"  # subject: issuer and `sub`

    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, related_name="identities"
    )
    scheme = models.CharField(max_length=20, choices=Scheme)
    subject = models.CharField(max_length=500)

    class Meta:
        verbose_name_plural = "identities"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scheme", "subject"], name="one_client_per_identity"
            )
        ]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.subject}"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, *, at: datetime) -> ApiKeyQuerySet:
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=at),
            revoked_at__isnull=True,
            client__revoked_at__isnull=True,
        )


class ApiKey(models.Model):
    """A key we made; only its digest is kept."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="keys")
    hint = models.CharField(max_length=12, help_text="How the key begins.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.hint}… of {self.client_id}"
