"""Subscribers to events in tests: where they are told, and what they were."""

import json
from typing import Any

from django.test import Client

from registry import signing
from registry.models import Dataset, EventDelivery, Subscription
from registry.subscriptions import subscribe
from tasks.engine import shift
from tasks.models import Job
from tests.support.sources import Reply, Sources
from tests.support.specstore import spec_of, uploaded
from tests.tasks.outbound.servers import Request, ok

PATH = "/hook"


def subscribed(
    receiver: Sources,
    *replies: Reply,
    owner: str = "me",
    dataset: Dataset | None = None,
    path: str = PATH,
    only_failures: bool = False,
) -> Subscription:
    """Subscribe a receiver that answers as told, by default with 200."""
    url = receiver.act(path, *(replies or (ok(b"thanks"),)))
    made, _ = subscribe(
        owner=owner, dataset=dataset, url=url, only_failures=only_failures
    )
    return made


def told(receiver: Sources, path: str = PATH) -> list[Any]:
    """Return the events that came to a path, each as JSON."""
    return [json.loads(one.body) for one in receiver.seen[path]]


def ids_of(requests: list[Request]) -> set[str]:
    return {one.headers["webhook-id"] for one in requests}


def delivery() -> EventDelivery:
    """Return the only delivery there is."""
    return EventDelivery.objects.select_related("job", "event", "subscription").get()


def event_job() -> Job:
    return Job.objects.get(kind="registry.event")


def deliver(client: Client) -> None:
    """Run a revision to its end, and try its event once."""
    uploaded(client, spec_of())
    shift.answer()


def is_signed_by(secret: str, request: Request) -> bool:
    signature = signing.sign(
        secret,
        message_id=request.headers["webhook-id"],
        at_s=int(request.headers["webhook-timestamp"]),
        body=request.body,
    )
    return signature in request.headers["webhook-signature"].split(" ")
