"""Data handed over to be posted somewhere, with the answer kept for its owner."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tasks.models import Client, Job


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def for_client(self, client: Client) -> DeliveryQuerySet:
        return self.filter(client=client)

    def over(self, *, at: datetime) -> DeliveryQuerySet:
        """Match those whose answer was handed out, or has waited for too long."""
        return self.filter(_over(at))

    def asked_for(self, *, at: datetime) -> DeliveryQuerySet:
        """Match those whose client may still ask for them."""
        return self.exclude(_over(at))


class Delivery(models.Model):
    """One POST. Its job has the order; it itself remembers what was sent and said.

    `sending_at` is committed before the first byte is sent and never taken back, so
    nothing is sent twice. `data` is empty once it is no longer kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, related_name="deliveries"
    )
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="delivery")
    destination = models.TextField()
    data = models.TextField(help_text="Compact JSON.")
    sending_at = models.DateTimeField(null=True)

    answer_status = models.PositiveSmallIntegerField(
        null=True, help_text="The destination's; empty: it gave none."
    )
    answer_text = models.CharField(max_length=100, blank=True, default="")
    answer_body = models.TextField(blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    # Somebody is being handed the answer, and then: was.
    claimed_at = models.DateTimeField(null=True)
    collected_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer_text="")
                | (Q(answered_at__isnull=False) & ~Q(answer_text="")),
                name="exactly_answered_deliveries_have_a_status",
            ),
            models.CheckConstraint(
                condition=Q(collected_at__isnull=True) | Q(answered_at__isnull=False),
                name="only_answered_deliveries_are_collected",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-created_at"], name="delivery_created"),
            models.Index(fields=["client", "created_at"], name="delivery_of_client"),
            models.Index(
                fields=["answered_at"],
                condition=~Q(data=""),
                name="delivery_kept",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


def _over(at: datetime) -> Q:
    kept_since = at - timedelta(hours=settings.DELIVERY_KEEP_HOURS)
    return Q(collected_at__isnull=False) | Q(
        answered_at__isnull=False, answered_at__lt=kept_since
    )
