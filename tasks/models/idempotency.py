"""Replies that are kept, for who asks again with the same Idempotency-Key."""

from __future__ import annotations

from django.db import models


class KeptReply(models.Model):
    id = models.CharField(max_length=64, primary_key=True, editable=False)
    route = models.CharField(max_length=255)
    request = models.CharField(max_length=64, help_text="sha256 of the body, hex")
    # Null only within the transaction that makes the work: nobody else sees that.
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "kept replies"

    def __str__(self) -> str:
        return f"{self.status} to {self.route}"
