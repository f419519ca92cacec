"""An answer and the one who is handed it: once, and whole, or it is given back."""

import re
from collections.abc import AsyncIterator, Iterator
from time import monotonic

import orjson
from django.utils import timezone

from exports import share_pages, share_queries
from exports.dialects.sharing import wire
from exports.dialects.sharing.params import Fault
from exports.dialects.sharing.refusals import JSON, invalid
from exports.models import ShareQuery
from tasks.dialects.call import Call, Reply, reply_json
from tasks.dialects.handing import HandedOut, end_last
from tasks.engine.hub import hub

RENEW_EVERY_S = 5.0
# A client that takes less than this in SEND_WITHIN_S counts as gone.
PIECE_BYTES = 64 << 10


async def hand_out(call: Call, query: ShareQuery) -> Reply:
    """Reply with a finished query's answer, which is then the caller's alone.

    Raises:
        Collected: it is somebody else's already.
    """
    if query.page is None:
        return reply_json(wire.invalid_token(query), status=400, headers=JSON)
    if message := (query.answer or {}).get("bad_filter"):
        return invalid([Fault("filter", f"Invalid filter: {message}")])
    await hub.in_thread(share_queries.claim, query, at=timezone.now())
    try:
        return await hub.in_thread(_reply, call, query)
    except BaseException:
        await hub.in_thread(share_queries.give_back, query)
        raise


def _reply(call: Call, query: ShareQuery) -> Reply:
    if query.is_count:
        count = orjson.dumps({"count": (query.answer or {})["count"]})
        return Reply(200, in_parts(call, query, iter([count])), JSON)
    zipped = takes_gzip(call.headers.get("Accept-Encoding", ""))
    parts = share_pages.open_page(query, zipped=zipped)
    headers = JSON | wire.token_headers(share_pages.tokens_of(query))
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return Reply(200, in_parts(call, query, parts), headers)


def takes_gzip(accepted: str) -> bool:
    """Tell whether `Accept-Encoding` names gzip, and not in order to refuse it."""
    offers = (one.replace(" ", "").lower().split(";") for one in accepted.split(","))
    return any(
        name == "gzip" and not re.fullmatch(r"q=0(\.0*)?", "".join(rest))
        for name, *rest in offers
    )


def in_parts(call: Call, query: ShareQuery, parts: Iterator[bytes]) -> HandedOut:
    """Return a claimed answer in parts; its end only to who took the rest."""
    return HandedOut(
        end_last(call, _renewing(query, parts)),
        done=lambda: share_queries.collected(query, at=timezone.now()),
        broken=lambda: share_queries.give_back(query),
    )


async def _renewing(query: ShareQuery, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Keep the answer to its caller for as long as parts of it are taken."""
    renewed = monotonic()
    while (part := await hub.in_thread(next, parts, None)) is not None:
        for piece in cut(part):
            yield piece
            if monotonic() - renewed > RENEW_EVERY_S:
                await hub.in_thread(share_queries.renew, query, at=timezone.now())
                renewed = monotonic()


def cut(part: bytes) -> Iterator[bytes]:
    """Cut a part into pieces that a slow client takes in time, too."""
    for at in range(0, len(part), PIECE_BYTES):
        yield part[at : at + PIECE_BYTES]
