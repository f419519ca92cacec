"""POST …/events: more events for the stream of a share, all or none."""

import orjson

from exports import appending
from exports.dialects.sharing import intake, params, wire
from exports.dialects.sharing.auth import APPEND, key_in
from exports.dialects.sharing.doors import once, refused_by_word
from exports.dialects.sharing.refusals import JSON, told
from tasks.dialects.call import Call, Reply, refuses_by
from tasks.engine.hub import hub
from tasks.idempotency import Answer


@refuses_by(told)
async def append(call: Call, share_id: str) -> Reply:
    return await refused_by_word(lambda: hub.in_thread(_append, call, share_id))


def _append(call: Call, share_id: str) -> Reply:
    caller, share = intake.let_in(key_in(call.headers), share_id, scope=APPEND)
    params.none_taken(call.raw_query)

    def act() -> Answer:
        made = appending.append_events(stream=share.stream, body=call.body)
        return Answer(201, orjson.dumps(wire.appended(made)), JSON)

    return once(call, act, scope=f"client:{caller.client_id}", body=call.body)
