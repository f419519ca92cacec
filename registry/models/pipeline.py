"""The pipelines that make a revision's files, and those files."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from registry.models.dataset import Revision
from registry.plan import TITLES, PipelineKind
from registry.states import ENDED, RunState
from tasks.models import Artifact, Job

KINDS = [(kind.value, TITLES[kind]) for kind in PipelineKind]


class PipelineQuerySet(models.QuerySet["Pipeline"]):
    def unended(self) -> PipelineQuerySet:
        return self.exclude(state__in=ENDED)

    def in_order(self) -> PipelineQuerySet:
        return self.order_by("position")

    def failed_by_themselves(self) -> PipelineQuerySet:
        """Match causes, not what merely followed from them and never ran."""
        return self.filter(state=RunState.FAILED, job__isnull=False).in_order()


class Pipeline(models.Model):
    revision = models.ForeignKey(
        Revision, on_delete=models.CASCADE, related_name="pipelines"
    )
    pipeline_id = models.CharField(max_length=256, unique=True)
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=KINDS)
    resource = models.CharField(max_length=100, blank=True, default="")
    title = models.CharField(max_length=100)
    dependencies = models.JSONField(default=list)
    needs = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=RunState, default=RunState.QUEUED)
    # Only what was heard of appears in the revision's map of pipelines.
    reported = models.BooleanField(default=False)
    stats = models.JSONField(null=True, blank=True)
    error_log = models.JSONField(null=True, blank=True)
    job = models.OneToOneField(
        Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="pipeline"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = PipelineQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["revision", "position"], name="one_pipeline_per_position"
            ),
        ]

    def __str__(self) -> str:
        return self.pipeline_id


class Output(models.Model):
    """A file of a revision, at its path."""

    revision = models.ForeignKey(
        Revision, on_delete=models.CASCADE, related_name="outputs"
    )
    pipeline = models.ForeignKey(
        Pipeline, on_delete=models.CASCADE, related_name="outputs"
    )
    path = models.CharField(max_length=300)
    artifact = models.ForeignKey(
        Artifact, on_delete=models.PROTECT, related_name="outputs"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["revision", "path"], name="one_output_per_path"
            ),
        ]

    def __str__(self) -> str:
        return self.path
