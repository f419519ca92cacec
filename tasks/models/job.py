"""Jobs, the lanes they wait in, what happened to them, and the hosts that run them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from tasks.models.client import Client
from tasks.states import OPEN, JobState

HAS_WORK = Q(due_at__isnull=False)
HAS_ENDED = Q(finished_at__isnull=False)


class Lane(models.Model):
    """A queue of one client's jobs; lanes take turns, jobs in a lane are in order."""

    key = models.CharField(max_length=200, primary_key=True)
    served_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.key


class JobQuerySet(models.QuerySet["Job"]):
    def open(self) -> JobQuerySet:
        return self.filter(state__in=OPEN)

    def due(self, *, at: datetime) -> JobQuerySet:
        return self.filter(due_at__lte=at)

    def in_order(self) -> JobQuerySet:
        return self.order_by("queued_at", "id")

    def for_client(self, client: Client) -> JobQuerySet:
        return self.filter(client=client)


class Job(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=50)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="jobs")
    lane = models.ForeignKey(
        Lane, on_delete=models.PROTECT, related_name="jobs", db_index=False
    )
    # Of the serial jobs in a lane only one is in progress at any time.
    serial = models.BooleanField(default=False)
    params = models.JSONField(default=dict)
    # Of the request that it came from: our id of it, and its caller's trace.
    request_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    trace_id = models.CharField(max_length=32, blank=True, default="", db_default="")

    state = models.CharField(max_length=12, choices=JobState, default=JobState.QUEUED)
    # Bumped by every change; a waiter asks for a higher one.
    rev = models.PositiveBigIntegerField(default=1)
    # Bumped by every claim; a worker whose fence is old changes nothing.
    fence = models.PositiveIntegerField(default=0)
    lease_owner = models.CharField(max_length=200, blank=True, default="")
    # When a worker may take it: queued, its run time; in progress, the end of the
    # lease; final, never.
    due_at = models.DateTimeField(null=True, default=timezone.now)
    # Claims in a row that ended with a lost lease and no progress.
    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    # Temporary errors so far.
    retries = models.PositiveSmallIntegerField(default=0)
    max_retries = models.PositiveSmallIntegerField(default=4)
    deadline_at = models.DateTimeField(null=True, blank=True)

    cursor = models.JSONField(null=True, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True, blank=True)
    rows = models.PositiveBigIntegerField(default=0)
    size_bytes = models.PositiveBigIntegerField(default=0)

    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=50, blank=True, default="")
    error = models.TextField(blank=True, default="")
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["lane"],
                condition=Q(state=JobState.INPROGRESS, serial=True),
                name="one_running_job_per_serial_lane",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, due_at__isnull=False)
                | (~Q(state__in=OPEN) & Q(due_at__isnull=True)),
                name="exactly_open_jobs_are_due",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=HAS_WORK, name="job_due"),
            models.Index(
                fields=["deadline_at"],
                condition=HAS_WORK & Q(deadline_at__isnull=False),
                name="job_deadline",
            ),
            models.Index(
                fields=["lane", "queued_at", "id"], condition=HAS_WORK, name="job_lane"
            ),
            models.Index(fields=["client", "queued_at", "id"], name="job_client_order"),
            models.Index(
                fields=["client"], condition=HAS_WORK, name="job_open_of_client"
            ),
            models.Index(fields=["state", "queued_at"], name="job_state"),
            models.Index(fields=["finished_at"], name="job_finished"),
            # What staff look at: lists, figures over time, times of a kind.
            models.Index(fields=["queued_at", "id"], name="job_queued"),
            models.Index(fields=["kind", "queued_at"], name="job_kind"),
            models.Index(
                fields=["state", "finished_at"], condition=HAS_ENDED, name="job_ended"
            ),
            models.Index(
                fields=["kind", "finished_at"],
                condition=HAS_ENDED,
                name="job_kind_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def line(self) -> dict[str, Any]:
        """What each line that is logged about it says; a client is told by number."""
        about = {"job": str(self.pk), "kind": self.kind, "client": self.client_id}
        origin = {"request": self.request_id, "trace": self.trace_id}
        return about | {name: value for name, value in origin.items() if value}

    @property
    def percent(self) -> int | None:
        """Whole percent done; None while the total is unknown."""
        if self.state == JobState.SUCCEEDED:
            return 100
        if not self.total:
            return None
        return min(99, 100 * self.done // self.total)


class JobEvent(models.Model):
    """A line of a job's log."""

    class Kind(models.TextChoices):
        MOVED = "moved", "Moved"  # data: from, to
        CLAIMED = "claimed", "Claimed"  # data: worker, fence; a new or resumed claim
        PARKED = "parked", "Parked"  # gave way to another lane, or to a shutdown
        RETRY = "retry", "Retry"  # a temporary error; data: code, message, wait_s
        LEASE_LOST = "lease_lost", "Lease lost"  # the worker before was gone
        CANCEL = "cancel", "Cancel requested"
        NOTE = "note", "Note"  # the handler's own words
        ERROR = "error", "Error"  # data: code, message, traceback of our own faults

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    rev = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind)
    data = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["job", "id"], name="event_of_job")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.job_id}"


class WorkerHost(models.Model):
    """A supervisor and its workers, as last heard of."""

    owner = models.CharField(max_length=200, primary_key=True)
    workers = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.owner


def has_due_job(*, at: datetime) -> Q:
    """Match lanes in which a worker may take a job now."""
    in_lane = Job.objects.filter(lane=OuterRef("pk"), due_at__isnull=False)
    # In a serial lane whatever is leased, or waits for its retry, blocks the rest.
    blocked = in_lane.filter(serial=True, due_at__gt=at)
    return Q(Exists(in_lane.filter(due_at__lte=at))) & ~Q(Exists(blocked))
