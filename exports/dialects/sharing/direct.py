"""The synchronous sibling: the results in one reply (contract 3.3.5)."""

from dataclasses import replace

from exports import share_queries
from exports.dialects.sharing import intake, results, waits
from exports.dialects.sharing.auth import key_in
from exports.dialects.sharing.doors import refused_by_word, target_of
from exports.dialects.sharing.intake import Target
from exports.dialects.sharing.params import text_of
from exports.dialects.sharing.refusals import told
from exports.models import ShareQuery
from tasks.dialects.asgi import HungUp
from tasks.dialects.call import Call, Reply, refuses_by
from tasks.engine.hub import Closing, hub
from tasks.errors import Overloaded

WAIT_S = 110.0
RETRY_AFTER_S = 5
TOO_LONG = "This takes long: ask by /shares/v2/async, which waits for no reply."


@refuses_by(told)
async def page(call: Call, share_id: str, index: str | None = None) -> Reply:
    return await _answer(call, target_of(share_id, index))


@refuses_by(told)
async def count(call: Call, share_id: str, index: str | None = None) -> Reply:
    return await _answer(call, replace(target_of(share_id, index), is_count=True))


async def _answer(call: Call, target: Target) -> Reply:
    key, parameters = _apart(call)

    async def answer() -> Reply:
        query = await hub.in_thread(intake.submit, key, target, parameters)
        try:
            query = await _finished(call, query)
        except (HungUp, Closing, Overloaded):
            # Nobody else knows of it.
            await hub.in_thread(share_queries.abandon, query)
            raise
        return await results.hand_out(call, query)

    return await refused_by_word(answer)


async def _finished(call: Call, query: ShareQuery) -> ShareQuery:
    """Return the query once it is finished.

    Raises:
        Overloaded: that takes too long to be waited for.
        NoSuchQuery, QueryFailed, TooManyWaits, Closing: of waits.ended.
    """
    try:
        return await waits.ended(call, query, within_s=WAIT_S)
    except TimeoutError:
        raise Overloaded(TOO_LONG, retry_after_s=RETRY_AFTER_S) from None


def _apart(call: Call) -> tuple[str, bytes]:
    """Return the API key, which may be a parameter here, and the other parameters."""
    kept, keys = [], []
    for part in call.raw_query.split(b"&"):
        name, _, value = part.partition(b"=")
        if text_of(name) == "apikey":
            keys.append(text_of(value))
        else:
            kept.append(part)
    header = key_in(call.headers)
    given = [*keys, header] if header else keys
    return given[0] if len(given) == 1 else "", b"&".join(kept)
