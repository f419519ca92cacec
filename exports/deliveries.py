"""The use cases of deliveries: hand over, ask for, collect once, send once more."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from exports.errors import ExportError
from exports.models import Delivery
from exports.phrases import status_text
from tasks import services
from tasks.engine.moves import EventKind, note
from tasks.engine.storable import fit
from tasks.errors import JobMoved
from tasks.models import Client, Job
from tasks.states import JobState

JOB_KIND = "exports.delivery"
# For so long nobody else is handed an answer that is on its way to somebody.
HANDING_OUT = timedelta(seconds=30)
OUTCOME_UNKNOWN = (
    "The request was interrupted while it was being sent. Whether it has arrived is"
    " unknown, and it was not sent again."
)
BATCH = 500
log = logging.getLogger(__name__)


class NoSuchDelivery(ExportError):
    """Unknown, another's, or already collected."""


class NothingToReplay(ExportError):
    """What was sent is no longer kept."""


class Stage(StrEnum):
    """How far a delivery is, for its client."""

    PENDING = "Pending"  # waits for its turn
    PROCESSING = "Processing"  # is its client's one delivery that is being made
    FINISHED = "Finished"  # has an answer, if only that there is none


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client is told; without a status the destination said nothing."""

    text: str  # the status, as `200 OK`
    body: str
    status: int | None = None
    remark: str = ""  # for the job's log


@transaction.atomic
def submit(*, client: Client, destination: str, data: str) -> Delivery:
    """Take over compact JSON to be posted, after all that the client gave before.

    Raises:
        TooManyJobs, Overloaded: of tasks.services.enqueue.
    """
    # Not every database holds a NUL; with this in it, it is no address either.
    where = destination.replace("\0", "\x01")
    delivery = Delivery(client=client, destination=where, data=data)
    delivery.job = services.enqueue(
        JOB_KIND,
        client=client,
        params={"delivery": str(delivery.pk)},
        lane=f"delivery:{client.pk}",
        serial=True,
        max_retries=0,
    )
    delivery.save(force_insert=True)
    return delivery


def find(*, client: Client, delivery_id: UUID) -> Delivery:
    """Return a delivery of this client with its job, but without its data.

    Raises:
        NoSuchDelivery: unknown, another's, collected, or no longer kept.
    """
    theirs = Delivery.objects.for_client(client).asked_for(at=timezone.now())
    light = theirs.select_related("job").defer("data", "job__params", "job__cursor")
    found = light.filter(pk=delivery_id).first()
    if found is None:
        raise NoSuchDelivery
    return found


def state_of(delivery: Delivery) -> Stage:
    """Tell how far it was when it was read, together with its job."""
    if delivery.answered_at:
        return Stage.FINISHED
    waits = delivery.job.state == JobState.QUEUED
    return Stage.PENDING if waits else Stage.PROCESSING


def claim_result(delivery: Delivery, *, at: datetime) -> bool:
    """Tell whether the caller, of all who ask, is the one to be handed the answer.

    It then says `collected`, or `give_back`; if it says neither, somebody else may
    have the answer after a while.
    """
    free = Q(claimed_at=None) | Q(claimed_at__lt=at - HANDING_OUT)
    ready = Delivery.objects.filter(free, answered_at__isnull=False, collected_at=None)
    if not ready.filter(pk=delivery.pk).update(claimed_at=at):
        return False
    delivery.claimed_at = at
    return True


def collected(delivery: Delivery, *, at: datetime) -> None:
    """Say that a claimed answer was handed out whole: nobody is told it again."""
    ours = Delivery.objects.filter(pk=delivery.pk, collected_at=None)
    ours.filter(answered_at__isnull=False).update(collected_at=at)


def give_back(delivery: Delivery) -> None:
    """Say that a claimed answer did not get through: it may be asked for at once."""
    ours = Delivery.objects.filter(pk=delivery.pk, claimed_at=delivery.claimed_at)
    ours.filter(collected_at=None).update(claimed_at=None)


@transaction.atomic
def replay(*, delivery: Delivery, by: str) -> Delivery:
    """Send the same data once more, as a new delivery that goes last.

    Raises:
        NothingToReplay: the data is no longer kept.
        TooManyJobs, Overloaded: of tasks.services.enqueue.
    """
    kept = Delivery.objects.select_related("client").get(pk=delivery.pk)
    if not kept.data:
        raise NothingToReplay
    again = submit(client=kept.client, destination=kept.destination, data=kept.data)
    note(again.job, EventKind.NOTE, text=f"replay of {kept}", by=by)
    told = {"delivery": str(kept), "again": str(again), "by": by}
    log.info("delivery replayed", extra=told)
    return again


# What the job does.
def begin(delivery: Delivery, *, at: datetime) -> None:
    """Say that sending begins; call it in a transaction of the job's own.

    Raises:
        JobMoved: it has begun before.
    """
    unsent = Delivery.objects.filter(pk=delivery.pk, sending_at=None, answered_at=None)
    if not unsent.update(sending_at=at):
        raise JobMoved(f"delivery {delivery} was begun by others")


def record(delivery: Delivery, answer: Answer, *, at: datetime) -> None:
    """Keep the answer, unless there is one."""
    Delivery.objects.filter(pk=delivery.pk, answered_at=None).update(
        answer_status=answer.status,
        answer_text=answer.text,
        answer_body=fit(answer.body),
        answered_at=at,
    )


def delivery_moved(job: Job) -> None:
    """Give a delivery whose job ended without an answer one that says so."""
    if job.state not in {JobState.FAILED, JobState.CANCELLED}:
        return  # With success comes an answer.
    unanswered = Delivery.objects.filter(job_id=job.pk, answered_at=None)
    delivery = unanswered.only("sending_at").first()
    if delivery:
        record(delivery, _without_answer(job, delivery), at=timezone.now())


def _without_answer(job: Job, delivery: Delivery) -> Answer:
    if delivery.sending_at:
        return Answer(status_text(502), OUTCOME_UNKNOWN)
    cancelled = job.state == JobState.CANCELLED
    why = "The delivery was cancelled." if cancelled else job.error
    return Answer(status_text(503), f"Nothing was sent. {why}".strip())


def prune(*, at: datetime, dry_run: bool) -> dict[str, int]:
    """Delete the texts nobody may ask for any more; the rows go with their jobs."""
    spent = Delivery.objects.over(at=at).exclude(data="")
    if dry_run:
        return {"payloads of deliveries": spent.count()}
    emptied = 0
    # In batches, so that no lock is held for long.
    while ids := list(spent.values_list("pk", flat=True)[:BATCH]):
        batch = Delivery.objects.filter(pk__in=ids)
        emptied += batch.update(data="", answer_body="")
    return {"payloads of deliveries": emptied}
