"""POST /export and POST /lp/export: hand data over, and ask what became of it."""

import asyncio
import math
from dataclasses import replace

from exports import deliveries
from exports.deliveries import Stage
from exports.dialects.databox import intake, results, wire
from exports.dialects.databox.intake import Wanted
from exports.dialects.databox.refusals import refusal_of, refusal_to_take, text_reply
from exports.models import Delivery
from tasks import idempotency, quota
from tasks.dialects.call import Call, Reply, refuses_by
from tasks.engine.hub import Closing, JobGone, hub
from tasks.errors import TooManyJobs
from tasks.idempotency import Answer
from tasks.models import Job

JSON = {"Content-Type": "application/json"}
WAIT_S, LONGEST_WAIT_S = 5.0, 60.0


@refuses_by(text_reply)
async def export(call: Call) -> Reply:
    """Answer with the state as it is."""
    return await _answer(call, wait_s=0.0)


@refuses_by(text_reply)
async def export_long_poll(call: Call) -> Reply:
    """Answer with the state once it has changed."""
    return await _answer(call, wait_s=wait_of(call.query.get("timeout")))


def wait_of(timeout: str | None) -> float:
    """Return the seconds to wait; what is no number is the default (3.2.4)."""
    try:
        wait_s = float(timeout or "")
    except ValueError:
        return WAIT_S
    return WAIT_S if math.isnan(wait_s) else min(max(wait_s, 0.0), LONGEST_WAIT_S)


async def _answer(call: Call, *, wait_s: float) -> Reply:
    try:
        wanted = await hub.in_thread(_judge, call)
        if wanted.delivery_id is None:
            return await hub.in_thread(_submit, call, wanted)
        delivery = await hub.in_thread(intake.find, wanted.client, wanted.delivery_id)
        if wait_s and deliveries.state_of(delivery) is not Stage.FINISHED:
            await _change(call, delivery.job, wait_s)
        return await _state(call, wanted, delivery)
    except Exception as error:
        if refusal := refusal_of(error):
            return refusal
        raise


def _judge(call: Call) -> Wanted:
    return intake.judge(call.headers, call.body, method=call.method, path=call.path)


def _submit(call: Call, wanted: Wanted) -> Reply:
    """Hand over what is new, and tell how much more the client may."""
    with quota.noting() as noted:
        try:
            reply = _once(call, wanted)
        except TooManyJobs as error:
            reply = refusal_to_take(error)
    later = reply.headers.get("Retry-After", "")
    more = noted.headers(retry_after_s=later)
    return replace(reply, headers={**reply.headers, **more})


def _once(call: Call, wanted: Wanted) -> Reply:
    def act() -> Answer:
        line = wire.told(intake.submit(wanted).pk, Stage.PENDING)
        return Answer(200, line.encode(), JSON)

    key = call.headers.get(idempotency.HEADER)
    scope, route = f"client:{wanted.client.pk}", f"{call.method} {call.path}"
    asked = idempotency.read(key, scope=scope, route=route, body=call.body)
    answer = idempotency.once(asked, act)
    again = idempotency.REPLAYED if answer.replayed else {}
    return Reply(answer.status, answer.body, {**answer.headers, **again})


async def _change(call: Call, known: Job, wait_s: float) -> None:
    """Return when a job's state is another, or has been the same for so long.

    Who waits while the service stops is told how far it is, and may ask again.
    """
    try:
        async with (
            asyncio.timeout(wait_s),
            hub.watching(known.pk, client=str(known.client_id)) as watch,
        ):
            job = watch.job
            while job.state == known.state:
                job = await call.while_open(watch.changed(job.rev))
    except (TimeoutError, Closing, JobGone):
        return


async def _state(call: Call, wanted: Wanted, delivery: Delivery) -> Reply:
    found = await hub.in_thread(results.claimed, wanted.client, delivery.pk)
    line = results.line_of(found).encode()
    if deliveries.state_of(found) is not Stage.FINISHED:
        return Reply(200, line, JSON)
    parts = results.in_parts(call, found, line)
    return Reply(200, parts, {**JSON, "Content-Length": str(len(line))})
