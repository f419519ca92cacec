"""Shares of an export's work, each of which a job of its own does."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from exports.models.export import ExportTask
from tasks.models import Job


class ExportPart(models.Model):
    """One share; it is there until the export ends. Its job has the state."""

    class Stage(models.TextChoices):
        FETCH = "fetch", "Fetch"  # spec: what of the source; makes segments of pages
        WRITE = "write", "Write"  # spec: which part's pages; makes the rows' bytes

    task = models.ForeignKey(ExportTask, on_delete=models.CASCADE, related_name="parts")
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="part")
    stage = models.CharField(max_length=10, choices=Stage)
    number = models.PositiveSmallIntegerField()  # from 0, in the order of the rows
    spec = models.JSONField(default=dict)
    result = models.JSONField(null=True, help_text="What the job made; empty: not yet")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["task", "stage", "number"],
                name="one_part_of_a_number_per_stage_of_an_export",
            )
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.number} of {self.task_id}"

    @property
    def outcome(self) -> dict[str, Any]:
        """What the job made; empty until it succeeds."""
        return self.result or {}
