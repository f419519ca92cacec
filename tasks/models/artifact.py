"""Files in the store, and what they were made from."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from tasks.models.job import Job


class Artifact(models.Model):
    """A stored file with its receipt; several artifacts may share one digest."""

    digest = models.CharField(max_length=64, db_index=True, help_text="sha256, hex")
    size_bytes = models.PositiveBigIntegerField()
    name = models.CharField(max_length=255)
    media_type = models.CharField(max_length=150)
    rows = models.PositiveBigIntegerField(null=True, blank=True)
    # What made it: equal keys promise equal content, so the file is made once.
    step_key = models.CharField(max_length=64, db_index=True, blank=True, default="")
    receipt = models.JSONField(default=dict, blank=True)
    job = models.ForeignKey(
        Job, null=True, on_delete=models.SET_NULL, related_name="artifacts"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["step_key", "-created_at"], name="artifact_step"),
            # The size of the store: each file once, read from the index alone.
            models.Index(fields=["digest", "size_bytes"], name="artifact_file"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.digest[:12]}"
