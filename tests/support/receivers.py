"""Subscribers to events in tests: where they are told, and what they were."""

import json
from typing import Any

from registry.models import Dataset, EventDelivery, Subscription
from registry.subscriptions import subscribe
from tests.support.sources import Reply, Sources
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


def ids(requests: list[Request]) -> set[str]:
    return {one.headers["webhook-id"] for one in requests}


def delivery() -> EventDelivery:
    """Return the only delivery there is."""
    return EventDelivery.objects.select_related("job", "event", "subscription").get()
