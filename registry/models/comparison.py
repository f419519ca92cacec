"""What changed between two stored tables, found once for all who ask."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from tasks.models import Artifact, Job


class Comparison(models.Model):
    """Two CSV files and how they differ; `found` is empty until its job succeeds."""

    # Both digests and the key's columns: revisions with equal files share it.
    step_key = models.CharField(max_length=64, unique=True)
    before = models.CharField(max_length=64, help_text="sha256, hex")
    after = models.CharField(max_length=64, help_text="sha256, hex")
    key = models.JSONField(default=list, help_text="Columns by which rows are matched.")
    found = models.JSONField(null=True, blank=True)
    artifact = models.ForeignKey(
        Artifact, null=True, on_delete=models.PROTECT, related_name="comparisons"
    )
    job = models.OneToOneField(
        Job, null=True, on_delete=models.SET_NULL, related_name="comparison"
    )
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(found__isnull=True)
                | models.Q(artifact__isnull=False),
                name="what_was_found_has_a_file",
            )
        ]

    def __str__(self) -> str:
        return f"{self.before[:12]} to {self.after[:12]}"
