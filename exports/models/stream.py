"""Streams of events that only grow: their appends, and the files these end up in."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tasks.models import Artifact, Client


class EventStream(models.Model):
    """A log of flat events; what is numbered is done so under this row's lock.

    So the order of sequence numbers is the order of commits: what becomes visible is
    never in front of what already was.
    """

    name = models.CharField(max_length=500, unique=True)
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, related_name="event_streams"
    )
    time_key = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="The key with an event's own time; empty: when it was inserted.",
    )
    head = models.PositiveBigIntegerField(
        default=0, help_text="The last event's sequence number."
    )
    newest = models.PositiveIntegerField(
        default=0, help_text="The last batch's number."
    )
    last_inserted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class BatchQuerySet(models.QuerySet["Batch"]):
    def tail(self) -> BatchQuerySet:
        """Match what is in no segment yet, in order."""
        return self.filter(in_segment=False).order_by("first_seq")


class Batch(models.Model):
    """One append: a revision, or the events of one request.

    A small one keeps its events here until they are compacted into a segment.
    """

    stream = models.ForeignKey(
        EventStream, on_delete=models.CASCADE, related_name="batches"
    )
    number = models.PositiveIntegerField()  # from 1: a notification's index
    first_seq = models.PositiveBigIntegerField()
    rows = models.PositiveBigIntegerField()
    inserted_at = models.DateTimeField()
    origin = models.CharField(
        max_length=500,
        blank=True,
        default="",
        help_text="What may be appended only once, such as a revision.",
    )
    payload = models.BinaryField(default=b"")
    in_segment = models.BooleanField(default=False)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "batches"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["stream", "number"], name="one_batch_of_a_number_per_stream"
            ),
            models.UniqueConstraint(
                fields=["stream", "origin"],
                condition=~Q(origin=""),
                name="each_origin_is_appended_once",
            ),
            models.CheckConstraint(
                condition=Q(in_segment=False) | Q(payload=b""),
                name="events_are_in_the_batch_or_in_a_segment",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["stream", "first_seq"],
                condition=Q(in_segment=False),
                name="batch_tail",
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.number} of stream {self.stream_id}"


class EventSegmentQuerySet(models.QuerySet["EventSegment"]):
    def current(self) -> EventSegmentQuerySet:
        return self.filter(replaced_at__isnull=True).order_by("first_seq")

    def with_files(self) -> EventSegmentQuerySet:
        return self.select_related("data", "time_view", "id_view")


class EventSegment(models.Model):
    """A run of a stream's events in a file, and the files that make pages of it fast.

    One that was replaced stays for a while, for who reads from it.
    """

    stream = models.ForeignKey(
        EventStream, on_delete=models.CASCADE, related_name="segments"
    )
    first_seq = models.PositiveBigIntegerField()
    rows = models.PositiveBigIntegerField()
    # µs since 1970: of the events' own times, and of when they were inserted.
    min_time = models.BigIntegerField()
    max_time = models.BigIntegerField()
    min_inserted = models.BigIntegerField()
    max_inserted = models.BigIntegerField()
    data = models.ForeignKey(
        Artifact, on_delete=models.PROTECT, related_name="segments_data"
    )
    time_view = models.ForeignKey(
        Artifact, null=True, on_delete=models.PROTECT, related_name="segments_by_time"
    )
    id_view = models.ForeignKey(
        Artifact, null=True, on_delete=models.PROTECT, related_name="segments_by_id"
    )
    created_at = models.DateTimeField(default=timezone.now)
    replaced_at = models.DateTimeField(null=True, blank=True)

    objects = EventSegmentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["stream", "first_seq"],
                condition=Q(replaced_at__isnull=True),
                name="one_segment_begins_at_an_event",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["replaced_at"],
                condition=Q(replaced_at__isnull=False),
                name="segment_replaced",
            ),
        ]

    def __str__(self) -> str:
        last = self.first_seq + self.rows - 1
        return f"events {self.first_seq} to {last} of stream {self.stream_id}"
