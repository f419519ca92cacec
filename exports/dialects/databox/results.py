"""A result and the one who is handed it: once, and whole, or it is given back."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from django.utils import timezone

from exports import deliveries
from exports.deliveries import Stage
from exports.dialects.databox import intake, wire
from exports.dialects.databox.intake import NoSuchRequest
from exports.models import Delivery
from tasks.dialects import handing
from tasks.dialects.call import Call
from tasks.dialects.handing import HandedOut, end_last
from tasks.models import Client


def claimed(client: Client, delivery_id: UUID) -> Delivery:
    """Return a delivery as it is; if it has ended, its result is now the caller's.

    Raises:
        NoSuchRequest: there is none, or somebody else is being handed its result.
    """
    delivery = intake.find(client, delivery_id)
    ended = deliveries.state_of(delivery) is Stage.FINISHED
    if ended and not deliveries.claim_result(delivery, at=timezone.now()):
        raise NoSuchRequest(delivery_id)
    return delivery


def line_of(delivery: Delivery) -> str:
    stage = deliveries.state_of(delivery)
    if stage is not Stage.FINISHED:
        return wire.told(delivery.pk, stage)
    text, body = delivery.answer_text, delivery.answer_body
    return wire.finished(delivery.pk, status=text, body=body)


def in_parts(call: Call, delivery: Delivery, line: bytes) -> HandedOut:
    """Return a claimed result's line in parts; its end only to who took the rest."""
    return HandedOut(end_last(call, _all_of(line)), **_ends(delivery))


async def _all_of(line: bytes) -> AsyncIterator[bytes]:
    yield line


def handing_out(delivery: Delivery) -> AbstractAsyncContextManager[None]:
    """Forget a claimed result if the block ends well, else give it back."""
    return handing.handing_out(**_ends(delivery))


def _ends(delivery: Delivery) -> dict[str, Callable[[], object]]:
    return {
        "done": lambda: deliveries.collected(delivery, at=timezone.now()),
        "broken": lambda: deliveries.give_back(delivery),
    }
