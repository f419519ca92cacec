"""Datasets, their revisions, and the pipelines that make a revision's files."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from registry.plan import TITLES, PipelineKind
from registry.spec import Findability
from registry.spec_read import name_fault
from registry.states import ENDED, RunState
from tasks.models import Artifact, Client, Job

KINDS = [(kind.value, TITLES[kind]) for kind in PipelineKind]
FINDABILITIES = [(word.value, word.value.title()) for word in Findability]


class Dataset(models.Model):
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, related_name="datasets"
    )
    owner = models.CharField(max_length=100, help_text="The spec's meta.ownerid.")
    name = models.CharField(max_length=100)
    title = models.CharField(max_length=500, blank=True, default="")
    description = models.TextField(blank=True, default="")
    findability = models.CharField(max_length=10, choices=FINDABILITIES)
    certified = models.BooleanField(null=True, blank=True)
    period_s = models.PositiveIntegerField(null=True, blank=True)
    scheduled_for = models.DateTimeField(null=True, blank=True)
    # The number of the newest revision; bumped under the row's lock.
    newest = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "name"], name="one_dataset_per_owner_and_name"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["scheduled_for"],
                condition=Q(scheduled_for__isnull=False),
                name="dataset_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"


class RevisionQuerySet(models.QuerySet["Revision"]):
    def of_dataset(self, *, owner: str, dataset: str) -> RevisionQuerySet:
        # PostgreSQL fails on some of what can be no name, such as a NUL.
        if name_fault(owner) or name_fault(dataset):
            return self.none()
        return self.filter(dataset__owner=owner, dataset__name=dataset)

    def named(self, word: str) -> RevisionQuerySet:
        """Match `latest`, `successful` or a revision number; nothing else matches."""
        if word == "latest":
            return self.order_by("-number")
        if word == "successful":
            return self.filter(state=RunState.SUCCEEDED).order_by("-number")
        if word.isascii() and word.isdigit() and len(word) < 10:
            return self.filter(number=int(word))
        return self.none()


class Revision(models.Model):
    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="revisions"
    )
    number = models.PositiveIntegerField()
    spec = models.JSONField()
    findability = models.CharField(max_length=10, choices=FINDABILITIES)
    state = models.CharField(max_length=12, choices=RunState, default=RunState.QUEUED)
    logs = models.JSONField(null=True, blank=True)
    error_log = models.JSONField(default=list, blank=True)
    stats = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    modified_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RevisionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dataset", "number"], name="one_revision_per_number"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["dataset", "state", "-number"], name="revision_by_state"
            ),
        ]

    def __str__(self) -> str:
        return self.flow_id

    @property
    def flow_id(self) -> str:
        """The contract's revision id; needs the dataset loaded."""
        return f"{self.dataset}/{self.number}"


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
