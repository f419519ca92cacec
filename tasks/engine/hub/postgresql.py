"""Hearing of changed jobs from PostgreSQL, over one connection that listens."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from tasks.engine import news

NAME = "entrepot hub"  # as the server's own tables show it
CONNECT_WITHIN_S = 5.0
PING_S = 10.0
PING_WITHIN_S = 5.0
# Django's own, for its own connections.
NOT_FOR_US = {"cursor_factory", "context"}
DIFFERING = """
    SELECT known.id, job.rev
    FROM unnest(%s::uuid[], %s::bigint[]) AS known(id, rev)
    LEFT JOIN tasks_job AS job ON job.id = known.id
    WHERE job.rev IS DISTINCT FROM known.rev
"""

Recheck = Callable[[], Awaitable[None]]
Heard = Callable[[UUID, int], None]


def parameters() -> dict[str, Any]:
    """Return what the default database is connected with, or the server behind it."""
    ours: dict[str, Any] = {"application_name": NAME, "autocommit": True}
    if settings.LISTEN_DATABASE_URL:
        return {"conninfo": settings.LISTEN_DATABASE_URL, **ours}
    theirs = connection.get_connection_params()
    return {k: v for k, v in theirs.items() if k not in NOT_FOR_US} | ours


def differing(known: dict[UUID, int]) -> dict[UUID, int | None]:
    """Return the revs that are others than these; None for a job that is gone."""
    with connection.cursor() as cursor:
        cursor.execute(DIFFERING, [list(known), list(known.values())])
        return dict(cursor.fetchall())


async def listen(to: dict[str, Any], *, heard: Heard, recheck: Recheck) -> None:
    """Tell what is heard, until the connection is lost.

    Raises:
        psycopg.Error, OSError: it is lost, or there was none.
    """
    async with asyncio.timeout(CONNECT_WITHIN_S):
        listening = await psycopg.AsyncConnection.connect(**to)
    async with listening:
        await listening.execute(sql.SQL("LISTEN {}").format(_channel()))
        await recheck()  # of what came before we listened, nothing was heard
        while True:
            async for notify in listening.notifies(timeout=PING_S):
                if change := news.read(notify.payload):
                    heard(*change)
            # A connection whose other end is gone without a word is silent too.
            async with asyncio.timeout(PING_WITHIN_S):
                await listening.execute("SELECT 1")


def _channel() -> sql.Identifier:
    return sql.Identifier(news.CHANNEL)
