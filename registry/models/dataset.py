"""Datasets and their revisions."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from registry.models.folded import FoldedField, folded
from registry.spec import Findability
from registry.spec_read import name_fault
from registry.states import ENDED, RunState
from tasks.models import Client

FINDABILITIES = [(word.value, word.value.title()) for word in Findability]


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def due(self, *, at: datetime) -> DatasetQuerySet:
        """Match what should be fetched again, the longest due first."""
        waits = Q(postponed_until__gt=at)
        due = self.filter(scheduled_for__lte=at, paused_at__isnull=True)
        return due.exclude(waits).order_by("scheduled_for")

    def of_owner(self, owner: str) -> DatasetQuerySet:
        # PostgreSQL fails on some of what can be no name, such as a NUL.
        return self.none() if name_fault(owner) else self.filter(owner=owner)

    def listed(self) -> DatasetQuerySet:
        """Match what anybody may find, not only who knows its address."""
        return self.filter(findability=Findability.PUBLISHED, listed=True)

    def with_words(self, text: str) -> DatasetQuerySet:
        """Match where each word is somewhere in the name or the title."""
        found = self
        for word in folded(text).split():
            found = found.filter(search__contains=word)
        return found


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
    # A turn that must wait is still due: the next ones keep to their times.
    postponed_until = models.DateTimeField(null=True, blank=True)
    turn_missed = models.TextField(
        blank=True,
        default="",
        help_text="Why it was not fetched when it last should have been.",
    )
    keep_successful = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How many successful revisions to keep; empty: all.",
    )
    readme = models.TextField(blank=True, default="")
    search = FoldedField(of=("name", "title"))
    # False until a revision has ended, so that a failed first one stays unlisted.
    listed = models.BooleanField(default=False)
    # The number of the newest revision; bumped under the row's lock.
    newest = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "name"], name="one_dataset_per_owner_and_name"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["scheduled_for"],
                condition=Q(scheduled_for__isnull=False, paused_at__isnull=True),
                name="dataset_due",
            ),
            # The pages of an owner's list: all of it, and what anybody finds.
            models.Index(fields=["owner", "id"], name="dataset_of_owner"),
            models.Index(
                fields=["owner", "findability", "id"], name="dataset_by_findability"
            ),
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

    def of_flow(self, flow_id: str) -> RevisionQuerySet:
        owner, dataset, number = flow_id.rsplit("/", 2)
        found = self.of_dataset(owner=owner, dataset=dataset)
        return found.filter(number=int(number))

    def for_client(self, client: Client) -> RevisionQuerySet:
        return self.filter(dataset__client=client)

    def running_elsewhere(self) -> RevisionQuerySet:
        """Match what a runner elsewhere has not come to an end with yet."""
        unfinished = self.filter(runner=Runner.EXTERNAL, finished_at__isnull=True)
        return unfinished.exclude(state__in=ENDED)

    def silent_since(self, moment: datetime) -> RevisionQuerySet:
        """Match those whose runner was last heard of before then, if it ever was."""
        never = Q(heard_at__isnull=True, created_at__lt=moment)
        return self.filter(never | Q(heard_at__lt=moment))


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
            models.Index(fields=["state", "id"], name="revision_state"),
            # Looked through each second for runners that went silent.
            models.Index(
                fields=["runner"],
                condition=Q(finished_at__isnull=True),
                name="unfinished_revision",
            ),
        ]

    def __str__(self) -> str:
        return self.flow_id

    @property
    def flow_id(self) -> str:
        """The contract's revision id; needs the dataset loaded."""
        return f"{self.dataset}/{self.number}"
