"""Events: what is told to subscribers when a revision ends."""

from datetime import datetime
from typing import Any

from django.db import transaction

from registry import incidents, publications
from registry.indexing import index
from registry.models import Event, EventDelivery, Revision, Subscription
from registry.spec import Findability
from registry.states import RunState
from tasks import services
from tasks.models import Client
from tasks.states import OPEN, JobState

JOB_KIND = "registry.event"
CLIENT_NAME = "registry: events"
# With the waits of JOB_LONGEST_WAITS, tries go on for about a day.
MOST_RETRIES = 28
# A webhook is a message, not a log: the revision has all of them.
MOST_ERRORS = 50
MOST_ERROR_CHARS = 400


@transaction.atomic
def announce(revision: Revision, *, at: datetime) -> Event:
    """Tell all who should know that a revision has ended.

    To be called once for each end, in its transaction and under the revision's lock.
    """
    index(revision)
    event = Event.objects.create(
        revision=revision, body=_body(revision, at=at), created_at=at
    )
    _deliver_to_all(event)
    if revision.state == RunState.FAILED:
        incidents.revision_failed(revision)
    else:
        publications.revision_succeeded(revision)
    return event


def _body(revision: Revision, *, at: datetime) -> dict[str, Any]:
    """Write the fields of contract 3.1.6, with Standard Webhooks' `type` and time."""
    succeeded = revision.state == RunState.SUCCEEDED
    meta = revision.spec["meta"]
    return {
        "type": "flow.finish",
        "timestamp": at.isoformat(),
        "source": "flow",
        "event": "finish",
        "status": "OK" if succeeded else "FAIL",
        "findability": _findability(revision),
        "owner": meta.get("owner") or revision.dataset.owner,
        "ownerid": revision.dataset.owner,
        "dataset": revision.dataset.name,
        "flow_id": revision.flow_id,
        "pipeline_id": _decisive(revision),
        "payload": {"flow-id": revision.flow_id, "errors": _errors(revision)},
    }


def _findability(revision: Revision) -> str:
    open_to_all = revision.findability == Findability.PUBLISHED
    succeeded = revision.state == RunState.SUCCEEDED
    return Findability.PUBLISHED if open_to_all and succeeded else Findability.PRIVATE


def _decisive(revision: Revision) -> str:
    """Name the pipeline that decided it: the first to fail, else the last to end."""
    ids = revision.pipelines.values_list("pipeline_id", flat=True)
    failed = ids.filter(state=RunState.FAILED).order_by("finished_at", "position")
    last = ids.order_by("-finished_at", "-position")
    return failed.first() or last.first() or revision.flow_id


def _errors(revision: Revision) -> list[str]:
    first = (revision.error_log or [])[:MOST_ERRORS]
    return [str(line)[:MOST_ERROR_CHARS] for line in first]


def _deliver_to_all(event: Event) -> None:
    wanting = Subscription.objects.enabled().of_dataset(event.revision.dataset)
    if event.body["status"] == "OK":
        wanting = wanting.filter(only_failures=False)
    # Always in the same order: two ends at once must not wait for each other.
    for subscription in wanting.order_by("pk"):
        deliver(event, subscription)


def deliver(event: Event, subscription: Subscription) -> EventDelivery:
    """Send an event on its way to one subscriber."""
    delivery = EventDelivery.objects.create(event=event, subscription=subscription)
    # Not the owner's own client: what a subscriber cannot take must not count
    # against the jobs that the owner may have.
    client, _ = Client.objects.get_or_create(name=CLIENT_NAME)
    delivery.job = services.enqueue(
        JOB_KIND,
        client=client,
        params={"delivery": delivery.pk},
        lane=f"{JOB_KIND}:{subscription.pk}",
        internal=True,
        max_retries=MOST_RETRIES,
    )
    delivery.save(update_fields=["job"])
    return delivery


@transaction.atomic
def replay(delivery: EventDelivery) -> EventDelivery:
    """Send an event once more, under its id, and return the delivery under way.

    One that waits for its next try is tried now; beside one that ended, a new one is
    made, so that the log keeps both.

    Raises:
        JobMoved: the job was moved by others at that moment.
    """
    job = delivery.job
    if job is None or job.state not in OPEN:
        return deliver(delivery.event, delivery.subscription)
    if job.state == JobState.QUEUED:
        services.hurry(job)
    return delivery
