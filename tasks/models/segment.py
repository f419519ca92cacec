"""Parts of what a job is making, kept in the store until it ends."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tasks.models.job import Job


class Segment(models.Model):
    """A file of a job that is not done; its bytes are like no other job's."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="segments")
    number = models.PositiveIntegerField()  # from 0, in the order they were made
    digest = models.CharField(max_length=64, db_index=True)
    size_bytes = models.PositiveBigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["job", "number"], name="one_segment_of_a_number_per_job"
            )
        ]

    def __str__(self) -> str:
        return f"segment {self.number} of {self.job_id}"
