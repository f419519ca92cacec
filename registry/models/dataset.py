"""Datasets and their revisions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from registry.spec import Findability
from registry.spec_read import name_fault
from registry.states import RunState
from tasks.models import Client

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
    paused_at = models.DateTimeField(null=True, blank=True)
    keep_successful = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How many successful revisions to keep; empty: all.",
    )
    readme = models.TextField(blank=True, default="")
    # False until a revision has ended, so that a failed first one stays unlisted.
    listed = models.BooleanField(default=False)
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


class Runner(models.TextChoices):
    INTERNAL = "internal", "Internal"  # jobs on our own engine
    EXTERNAL = "external", "External"  # elsewhere; it calls /source/update


class Cause(models.TextChoices):
    UPLOAD = "upload", "Upload"  # a publisher sent it
    SCHEDULE = "schedule", "Schedule"  # it was due
    STAFF = "staff", "Staff"  # "run now" in the admin
    RESTORE = "restore", "Restore"  # an old revision, once more


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
    runner = models.CharField(max_length=10, choices=Runner, default=Runner.INTERNAL)
    cause = models.CharField(max_length=10, choices=Cause, default=Cause.UPLOAD)
    # When a runner elsewhere was last heard of; a silent one is timed out.
    heard_at = models.DateTimeField(null=True, blank=True)
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
