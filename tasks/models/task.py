"""Tasks of a client: the assets that are collected, and the result made of them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from tasks.models.artifact import Artifact
from tasks.models.client import Client
from tasks.models.job import Job

LONGEST_FILE_NAME = 1000
LONGEST_NAME = 255
LONGEST_URL = 8000


class Phase(models.TextChoices):
    CREATED = "CREATED", "Created"  # no asset has been announced
    DOWNLOADING = "DOWNLOADING", "Downloading"  # some assets are not here yet
    WAITING = "WAITING", "Waiting"  # all are here or failed; more may be announced
    PROCESSING = "PROCESSING", "Processing"  # no asset is taken any more
    COMPLETED = "COMPLETED", "Completed"  # the result is there
    FAILED = "FAILED", "Failed"  # message says why
    CANCELLED = "CANCELLED", "Cancelled"  # one of its jobs was cancelled


# Assets are taken in these, and their end is for the client to say.
GATHERING = frozenset({Phase.CREATED, Phase.DOWNLOADING, Phase.WAITING})
ENDED = frozenset({Phase.COMPLETED, Phase.FAILED, Phase.CANCELLED})


class OnFailure(models.TextChoices):
    CONTINUE = "continue", "Continue"  # go on without the asset
    STOP = "stop", "Stop"  # the task fails


class ResultType(models.TextChoices):
    STREAM = "STREAM", "Stream"  # a file
    JSON = "JSON", "JSON"  # a JSON body
    WEBSITE = "WEBSITE", "Website"  # a page with a URL of its own


class TaskQuerySet(models.QuerySet["Task"]):
    def for_client(self, client: Client) -> TaskQuerySet:
        return self.filter(client=client)

    def pending(self) -> TaskQuerySet:
        """Match what has not ended."""
        return self.exclude(phase__in=ENDED)


class Task(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="tasks")
    phase = models.CharField(max_length=12, choices=Phase, default=Phase.CREATED)
    processor = models.CharField(max_length=100)
    on_failure = models.CharField(
        max_length=8, choices=OnFailure, default=OnFailure.CONTINUE
    )
    all_sent = models.BooleanField(default=False, help_text="No more will come.")
    waiting_since = models.DateTimeField(null=True, blank=True)

    # Of its assets; kept in the transactions that change them.
    announced = models.PositiveIntegerField(default=0)
    downloaded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    collect_job = models.ForeignKey(
        Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="collects"
    )
    process_job = models.ForeignKey(
        Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="processes"
    )
    result = models.ForeignKey(
        Artifact, null=True, blank=True, on_delete=models.SET_NULL, related_name="tasks"
    )
    result_type = models.CharField(
        max_length=7, choices=ResultType, blank=True, default=""
    )
    message = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(
        null=True, blank=True, help_text="When it ended, in whatever way."
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="When it and its files may go."
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(announced__gte=F("downloaded") + F("failed")),
                name="no_more_assets_settled_than_announced",
            ),
            models.CheckConstraint(
                condition=Q(phase=Phase.WAITING, waiting_since__isnull=False)
                | (~Q(phase=Phase.WAITING) & Q(waiting_since__isnull=True)),
                name="exactly_waiting_tasks_have_a_since",
            ),
            models.CheckConstraint(
                condition=~Q(phase=Phase.COMPLETED) | ~Q(result_type=""),
                name="completed_tasks_have_a_type_of_result",
            ),
            models.CheckConstraint(
                condition=Q(phase__in=ENDED, completed_at__isnull=False)
                | (~Q(phase__in=ENDED) & Q(completed_at__isnull=True)),
                name="exactly_ended_tasks_have_an_end",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["client", "-created_at"], name="task_of_client"),
            models.Index(fields=["phase", "waiting_since"], name="task_phase"),
            models.Index(fields=["created_at", "id"], name="task_created"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def percent(self) -> int:
        """Whole percent of the announced assets that are here; 0 when there are none.

        Contract 004, decision 5.
        """
        return 100 * self.downloaded // self.announced if self.announced else 0


class AssetState(models.TextChoices):
    WAITING = "WAITING", "Waiting"  # for its first or next attempt
    DOWNLOADING = "DOWNLOADING", "Downloading"
    DOWNLOADED = "DOWNLOADED", "Downloaded"
    FAILED = "FAILED", "Failed"  # error says why


class Asset(models.Model):
    """A file that a client has named by its URL."""

    State = AssetState

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="assets")
    number = models.PositiveIntegerField(help_text="From 0, in the order they came.")
    file_name = models.CharField(max_length=LONGEST_FILE_NAME, help_text="As sent.")
    name = models.CharField(max_length=LONGEST_NAME, help_text="Safe and its own.")
    url = models.CharField(max_length=LONGEST_URL)
    # sha256 of file name and URL: a text of that length cannot be in an index.
    key = models.CharField(max_length=64, editable=False)
    attributes = models.JSONField(default=dict, blank=True)

    state = models.CharField(
        max_length=11, choices=AssetState, default=AssetState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    size_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True, default="", db_index=True)
    media_type = models.CharField(
        max_length=150, blank=True, default="", help_text="By its content."
    )
    artifact = models.ForeignKey(
        Artifact,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="assets",
    )
    error_code = models.CharField(max_length=50, blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["task", "number"], name="one_asset_of_a_number_per_task"
            ),
            models.UniqueConstraint(
                fields=["task", "name"], name="one_asset_of_a_name_per_task"
            ),
            models.UniqueConstraint(
                fields=["task", "key"], name="one_asset_of_a_file_and_url_per_task"
            ),
            models.CheckConstraint(
                condition=~Q(state=AssetState.DOWNLOADED)
                | (~Q(digest="") & Q(size_bytes__isnull=False)),
                name="downloaded_assets_have_a_digest",
            ),
            models.CheckConstraint(
                condition=Q(state=AssetState.FAILED) & ~Q(error_code="")
                | ~Q(state=AssetState.FAILED) & Q(error_code=""),
                name="exactly_failed_assets_have_an_error",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["task", "state", "number"], name="asset_of_task"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.task_id}"


class Page(models.Model):
    """A further file of a result that is a website."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="pages")
    path = models.CharField(max_length=500, help_text="Relative to the first page.")
    artifact = models.ForeignKey(
        Artifact, on_delete=models.CASCADE, related_name="pages"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["task", "path"], name="one_page_of_a_path_per_task"
            )
        ]

    def __str__(self) -> str:
        return f"{self.path} of {self.task_id}"
