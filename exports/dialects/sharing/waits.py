"""Waiting at a door for a query's work to end."""

import asyncio

from exports.dialects.sharing import intake
from exports.models import ShareQuery
from tasks.dialects.call import Call
from tasks.engine.hub import hub
from tasks.states import FINAL


async def ended(call: Call, query: ShareQuery, *, within_s: float) -> ShareQuery:
    """Return the query as it is when its work has ended.

    Raises:
        TimeoutError: that takes longer.
        NoSuchQuery, QueryFailed: it was cancelled, or has failed.
        TooManyWaits, Overloaded, Closing: of hub.watching.
    """
    if query.job is None:
        return query
    watching = hub.watching(query.job.pk, client=str(query.client_id))
    async with asyncio.timeout(within_s), watching as watch:
        job = watch.job
        while job.state not in FINAL:
            job = await call.while_open(watch.changed(job.rev))
    return await hub.in_thread(intake.again, query)
