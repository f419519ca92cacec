"""A result and the one who is handed it: once, and whole, or it is given back."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from django.utils import timezone

from exports import deliveries
from exports.deliveries import Stage
from exports.dialects.databox import intake, wire
from exports.dialects.databox.intake import NoSuchRequest
from exports.models import Delivery
from tasks.dialects.call import Call
from tasks.engine.hub import hub
from tasks.models import Client

# How long a broken connection has to be heard of before the last byte is sent.
HEARD_WITHIN_S = 0.005
_settling: set[asyncio.Task[None]] = set()


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


async def in_parts(
    call: Call, delivery: Delivery, line: bytes
) -> AsyncGenerator[bytes, None]:
    """Yield a claimed result's line; its end only to who took the rest."""
    async with handing_out(delivery):
        yield line[:-2]
        # This is sent when most of what came before has left for the client.
        yield line[-2:-1]
        await call.while_open(asyncio.sleep(HEARD_WITHIN_S))
        yield line[-1:]


@asynccontextmanager
async def handing_out(delivery: Delivery) -> AsyncIterator[None]:
    """Forget a claimed result if the block ends well, else give it back."""
    whole = False
    try:
        yield
        whole = True
    finally:
        task = asyncio.create_task(_settle(delivery, whole=whole))
        _settling.add(task)
        task.add_done_callback(_settling.discard)
        # Whoever hangs up now does not stop it.
        await asyncio.shield(task)


async def _settle(delivery: Delivery, *, whole: bool) -> None:
    if whole:
        at = timezone.now()
        await hub.in_thread(deliveries.collected, delivery, at=at)
    else:
        await hub.in_thread(deliveries.give_back, delivery)
