"""What a caller has set up for its next export, and the exports it has started."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.utils import timezone

from tasks.archive.names import extension
from tasks.models import Artifact, Client, Job


class SavedInput(models.Model):
    """A column definition; kept in the order of its first appearance."""

    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, related_name="export_inputs"
    )
    name = models.CharField(max_length=500)
    column = models.BigIntegerField(null=True)
    change_order = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "name"], name="one_input_of_a_name_per_client"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.client_id}"


class SavedConfiguration(models.Model):
    client = models.OneToOneField(
        Client, on_delete=models.CASCADE, related_name="export_configuration"
    )
    body = models.JSONField(help_text="As it was sent, without its secrets.")
    sealed = models.TextField(blank=True, default="", editable=False)
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"configuration of {self.client_id}"


class ExportTaskQuerySet(models.QuerySet["ExportTask"]):
    def for_client(self, client: Client) -> ExportTaskQuerySet:
        return self.filter(client=client)


def _new_id() -> str:
    return f"task_{secrets.token_hex(16)}"


class ExportTask(models.Model):
    """One export; its job has the state, the artifact the file."""

    id = models.CharField(
        max_length=37, primary_key=True, default=_new_id, editable=False
    )
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, related_name="export_tasks"
    )
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="export")
    request = models.JSONField(help_text="An exports.request.ExportRequest.")
    sealed = models.TextField(blank=True, default="", editable=False)
    artifact = models.ForeignKey(
        Artifact, null=True, on_delete=models.SET_NULL, related_name="exports"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, help_text="Of the file.")

    objects = ExportTaskQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["client", "-created_at"], name="export_of_client"),
            models.Index(fields=["created_at", "id"], name="export_created"),
        ]

    def __str__(self) -> str:
        return self.id

    def download_name(self, artifact: Artifact) -> str:
        """Return the name a caller chose, with the ending that its file has."""
        wanted: str | None = self.request["configuration"].get("file_name")
        ending = extension(artifact.name)
        if wanted is None:
            return artifact.name
        return wanted if extension(wanted) == ending else f"{wanted}.{ending}"
