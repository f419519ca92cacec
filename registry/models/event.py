"""What is told to others when a revision ends: subscriptions, events, deliveries."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from registry.models.dataset import Dataset, Revision
from tasks.models import Job


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def enabled(self) -> SubscriptionQuerySet:
        return self.filter(disabled_at__isnull=True)

    def of_dataset(self, dataset: Dataset) -> SubscriptionQuerySet:
        """Match those of the dataset, and those of all datasets of its owner."""
        of_owner = Q(owner=dataset.owner, dataset__isnull=True)
        return self.filter(of_owner | Q(dataset=dataset))


class Subscription(models.Model):
    """Where the events of an owner, or of one of their datasets, are posted."""

    owner = models.CharField(max_length=100)
    dataset = models.ForeignKey(
        Dataset,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="subscriptions",
        help_text="Empty: all datasets of the owner.",
    )
    url = models.URLField(max_length=2000)
    only_failures = models.BooleanField(default=False)
    # Standard Webhooks: `whsec_` and base64; the one before is good until it expires.
    secret = models.CharField(max_length=200)
    old_secret = models.CharField(max_length=200, blank=True, default="")
    old_secret_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    disabled_at = models.DateTimeField(null=True, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["owner"],
                condition=Q(disabled_at__isnull=True),
                name="subscription_of_owner",
            )
        ]

    def __str__(self) -> str:
        return f"{self.dataset or self.owner} to {self.url.partition('?')[0]}"

    def secrets_at(self, at: datetime) -> list[str]:
        """Return the secret, and before its time is up the one it took the place of."""
        old_is_good = self.old_secret_until is not None and self.old_secret_until > at
        return [self.secret, *([self.old_secret] if old_is_good else [])]


class Event(models.Model):
    """One end of one revision; the body is what every subscriber is sent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    revision = models.ForeignKey(
        Revision, on_delete=models.CASCADE, related_name="events"
    )
    body = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.revision_id} {self.id}"


class EventDelivery(models.Model):
    """An event on its way to one subscriber; its job holds attempts and errors."""

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="deliveries"
    )
    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="deliveries"
    )
    job = models.OneToOneField(
        Job, null=True, on_delete=models.SET_NULL, related_name="event_delivery"
    )
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=1000, blank=True, default="")
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "event deliveries"

    def __str__(self) -> str:
        return f"{self.event_id} to {self.subscription_id}"
