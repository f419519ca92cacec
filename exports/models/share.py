"""Shares of streams, and the queries that were made of them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from exports.models.stream import EventStream
from tasks.models import Artifact, Client, Job


class ShareKind(models.TextChoices):
    API = "api", "API"  # all events of a stream
    NOTIFICATION = "notification", "Notification"  # those of one batch, by its number


class Share(models.Model):
    """What some clients may read of a stream; a query can only narrow it further."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    stream = models.ForeignKey(
        EventStream, on_delete=models.PROTECT, related_name="shares"
    )
    kind = models.CharField(max_length=12, choices=ShareKind, default=ShareKind.API)
    clients = models.ManyToManyField(Client, related_name="shares", blank=True)
    keys = models.JSONField(
        default=list, blank=True, help_text="The keys that are shown; none: all."
    )
    filter = models.TextField(
        blank=True, default="", help_text="A rule that all shown events obey."
    )
    row_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="Events per query; empty: 100,000."
    )
    window_start = models.DateTimeField(
        null=True, blank=True, help_text="Nothing older is shown."
    )
    window_end = models.DateTimeField(
        null=True, blank=True, help_text="Nothing as new as this is shown."
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    # Tokens of an epoch that is over are no good any more.
    epoch = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(row_limit__isnull=True)
                | Q(row_limit__gte=1, row_limit__lte=100_000),
                name="shares_show_1_to_100000_events_per_query",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-created_at"], name="share_created"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def is_over(self, *, at: datetime) -> bool:
        """Tell whether nobody may read it any more."""
        expired = self.expires_at is not None and self.expires_at <= at
        return expired or self.revoked_at is not None


class ShareQueryQuerySet(models.QuerySet["ShareQuery"]):
    def for_client(self, client: Client) -> ShareQueryQuerySet:
        return self.filter(client=client)


class ShareQuery(models.Model):
    """One query: what was asked, and who was handed the answer when.

    Without a job it was finished at once, and its page is made as it is handed out.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    share = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="queries")
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, related_name="share_queries"
    )
    job = models.OneToOneField(
        Job, null=True, on_delete=models.CASCADE, related_name="share_query"
    )
    is_count = models.BooleanField(default=False)
    asked = models.JSONField(help_text="The query's parameters, as they came.")
    page = models.JSONField(
        null=True, help_text="What that means; empty: the token means nothing."
    )
    answer = models.JSONField(null=True, help_text="A count, or facts about a page.")
    result = models.ForeignKey(
        Artifact, null=True, on_delete=models.SET_NULL, related_name="share_queries"
    )
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    # Somebody is being handed the answer, and then: was.
    claimed_at = models.DateTimeField(null=True)
    collected_at = models.DateTimeField(null=True)

    objects = ShareQueryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "share queries"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(job__isnull=False) | Q(finished_at__isnull=False),
                name="queries_without_a_job_are_finished",
            ),
            models.CheckConstraint(
                condition=Q(collected_at__isnull=True) | Q(finished_at__isnull=False),
                name="only_finished_queries_are_collected",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-created_at"], name="share_query_created"),
            models.Index(fields=["share", "-created_at"], name="share_query_of_share"),
            models.Index(fields=["client", "-created_at"], name="share_query_client"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
