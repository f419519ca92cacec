"""The three phases of a query: post it, ask how it is, fetch its results (3.3.2)."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from exports.dialects.sharing import intake, results, waits, wire
from exports.dialects.sharing.auth import key_in
from exports.dialects.sharing.brake import brake
from exports.dialects.sharing.intake import Target
from exports.dialects.sharing.refusals import JSON, refusal_of, told
from exports.share_queries import Unfinished
from tasks import idempotency, quota
from tasks.dialects.call import Call, Reply, refuses_by
from tasks.engine.hub import Closing, hub
from tasks.errors import Refused
from tasks.idempotency import Answer

ASK_AGAIN_S = 1
# A poll waits for what ends so soon, rather than to send its client away for a second.
ENDS_WITHIN_S = 3.0


@refuses_by(told)
async def submit(call: Call, share_id: str, index: str | None = None) -> Reply:
    return await _submit(call, target_of(share_id, index))


@refuses_by(told)
async def submit_count(call: Call, share_id: str, index: str | None = None) -> Reply:
    return await _submit(call, replace(target_of(share_id, index), is_count=True))


@refuses_by(told)
async def status(call: Call, share_id: str, job_id: str) -> Reply:
    """Tell that it goes on, or where the results are."""
    key = key_in(call.headers)

    async def answer() -> Reply:
        query = await hub.in_thread(intake.find, key, share_id, job_id, call.raw_query)
        if not query.finished_at:
            with suppress(TimeoutError, Refused, Closing):
                query = await waits.ended(call, query, within_s=ENDS_WITHIN_S)
        if query.finished_at:
            return Reply(302, b"", {"Location": wire.results_path(query)})
        later = {"Retry-After": str(ASK_AGAIN_S)}
        return Reply(202, b"", {"Location": wire.status_path(query), **later})

    return await refused_by_word(answer)


@refuses_by(told)
async def fetch(call: Call, share_id: str, job_id: str) -> Reply:
    """Hand out the results, once."""
    key = key_in(call.headers)

    async def answer() -> Reply:
        query = await hub.in_thread(intake.find, key, share_id, job_id, call.raw_query)
        if not query.finished_at:
            raise Unfinished
        return await results.hand_out(call, query)

    return await refused_by_word(answer)


async def refused_by_word(answer: Callable[[], Awaitable[Reply]]) -> Reply:
    """Return the reply, or what its error is in the words of the dialect."""
    try:
        return await answer()
    except Exception as error:
        if refusal := refusal_of(error):
            return refusal
        raise


def target_of(share_id: str, index: str | None) -> Target:
    return Target(share_id=share_id, index=None if index is None else int(index))


async def _submit(call: Call, target: Target) -> Reply:
    who = f"{key_in(call.headers)} {target.share_id}"
    if again := brake.reply_to(who):
        return again
    reply = await hub.in_thread(_taken_in, call, target)
    return brake.remember(who, reply) if reply.status == 503 else reply


def _taken_in(call: Call, target: Target) -> Reply:
    """Take a query in, and tell how much more the client may."""
    with quota.noting() as noted:
        try:
            reply = _once(call, target)
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            reply = refusal
    later = reply.headers.get("Retry-After", "")
    more = noted.headers(retry_after_s=later)
    return replace(reply, headers={**reply.headers, **more})


def _once(call: Call, target: Target) -> Reply:
    key = key_in(call.headers)

    def act() -> Answer:
        query = intake.submit(key, target, call.raw_query)
        return Answer(202, b"", {**JSON, "Location": wire.status_path(query)})

    header = call.headers.get(idempotency.HEADER)
    if header is None:
        made = act()
        return Reply(made.status, made.body, made.headers)
    caller, _ = intake.let_in(key, target.share_id)
    return once(call, act, scope=f"client:{caller.client_id}", body=call.raw_query)


def once(call: Call, act: Callable[[], Answer], *, scope: str, body: bytes) -> Reply:
    """Reply as `act` does, or as it did for the same Idempotency-Key."""
    key, route = call.headers.get(idempotency.HEADER), f"{call.method} {call.path}"
    asked = idempotency.read(key, scope=scope, route=route, body=body)
    answer = idempotency.once(asked, act)
    again = idempotency.REPLAYED if answer.replayed else {}
    return Reply(answer.status, answer.body, {**answer.headers, **again})
