"""Deliveries in tests: handed over, and made by an engine in this process."""

from typing import Any

from exports import deliveries
from exports.models import Delivery
from tasks.engine import shift
from tasks.models import JobEvent
from tests.support.jobs import a_client
from tests.support.sources import Reply, Sources
from tests.tasks.outbound.servers import Connection, Request, ok

PATH = "/box"


def a_delivery(url: str, *, data: str = '{"n":1}', client: str = "alice") -> Delivery:
    return deliveries.submit(client=a_client(client), destination=url, data=data)


def fresh(delivery: Delivery) -> Delivery:
    return Delivery.objects.select_related("job").get(pk=delivery.pk)


def delivered(box: Sources, *replies: Reply, data: str = '{"n":1}') -> Delivery:
    """Deliver to a box that replies so; return the delivery as it is then."""
    delivery = a_delivery(box.act(PATH, *(replies or (ok(b"thanks"),))), data=data)
    shift.answer()
    return fresh(delivery)


def told(delivery: Delivery) -> tuple[str, str]:
    """Return what its client is told: the status' text and the body."""
    return delivery.answer_text, delivery.answer_body


def log_of(delivery: Delivery) -> list[Any]:
    """Return what the job's log says in words."""
    said = (JobEvent.Kind.NOTE, JobEvent.Kind.ERROR)
    events = delivery.job.events.filter(kind__in=said).order_by("id")
    return [one.data.get("message") or one.data["text"] for one in events]


def is_answered(delivery: Delivery) -> bool:
    return fresh(delivery).answered_at is not None


def never(peer: Connection, _: Request) -> None:
    """Answer nothing until the test is over."""
    peer.stopping.wait(30)


def after(seconds: float, reply: bytes) -> Reply:
    def answer(peer: Connection, _: Request) -> None:
        peer.stopping.wait(seconds)
        peer.send(reply)

    return answer
