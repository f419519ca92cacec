"""The database: there, up to date, on time, and heard."""

from datetime import UTC, datetime
from time import monotonic
from typing import Any
from uuid import uuid4

import psycopg
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tasks.doctor.findings import Doubt, Fault, Unused
from tasks.engine.hub import postgresql
from tasks.models import WorkerHost

OLDEST_POSTGRESQL = 140_000
SKEW_S = 2.0
# Tokens and signatures of a host that is further off are refused, or never expire.
MOST_SKEW_S = 30.0
HEARD_WITHIN_S = 3.0
MOST_NAMES = 5
HALF_BUILT = """
    SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid WHERE NOT indisvalid
"""


def answers() -> str:
    return _postgresql() if connection.vendor == "postgresql" else _sqlite()


def is_migrated() -> str:
    loader = MigrationLoader(connection)
    # A plan would not look below an app's last one.
    if lacking := sorted(set(loader.disk_migrations) - set(loader.applied_migrations)):
        names = _some([f"{app}.{name}" for app, name in lacking])
        raise Fault(f"Not applied: {names}. Run manage.py migrate.")
    if half_built := _half_built():
        raise Fault(f"Half built: {_some(half_built)}. Drop it, and migrate again.")
    newer = set(loader.applied_migrations) - set(loader.disk_migrations)
    ours = sorted(f"{app}.{name}" for app, name in newer if app in loader.migrated_apps)
    if ours:
        raise Doubt(f"A newer release has migrated: {_some(ours)}.")
    return f"All {len(loader.disk_migrations)} are applied."


def clocks_agree() -> str:
    if connection.vendor != "postgresql":
        raise Unused("SQLite has no clock of its own.")
    before = datetime.now(UTC)
    theirs = _one("SELECT clock_timestamp()")
    after = datetime.now(UTC)
    skew_s = max((theirs - after).total_seconds(), (before - theirs).total_seconds(), 0)
    told = f"This host and the database differ by {skew_s:.1f} s."
    if skew_s > MOST_SKEW_S:
        raise Fault(told)
    if skew_s > SKEW_S:
        raise Doubt(told)
    return told


def is_heard() -> str:
    """Listen as a web process does, and be told of something."""
    if connection.vendor != "postgresql":
        raise Unused("Web processes look at SQLite's file.")
    channel = f"entrepot_doctor_{uuid4().hex[:8]}"
    began = monotonic()
    with psycopg.connect(**postgresql.parameters()) as listening:
        listening.execute(f"LISTEN {channel}")
        _one("SELECT pg_notify(%s, 'x')", channel)
        for _ in listening.notifies(timeout=HEARD_WITHIN_S, stop_after=1):
            return f"Heard within {1000 * (monotonic() - began):.0f} ms."
    raise Doubt(
        "Nothing is heard, so waits wake within 5 s only: behind a pooler in "
        "transaction mode, set LISTEN_DATABASE_URL to the server itself."
    )


def _postgresql() -> str:
    number = int(_one("SHOW server_version_num"))
    if number < OLDEST_POSTGRESQL:
        raise Fault(f"PostgreSQL {number // 10_000} is too old: 14 is the oldest.")
    if _one("SHOW fsync") != "on" or _one("SHOW full_page_writes") != "on":
        raise Fault("PostgreSQL may lose what it has committed: fsync is off.")
    if _one("SHOW synchronous_commit") == "off":
        raise Doubt("synchronous_commit is off: a crash forgets the last commits.")
    most = _one("SHOW max_connections")
    return f"PostgreSQL {_one('SHOW server_version')}, {most} connections at most."


def _sqlite() -> str:
    mode = _one("PRAGMA journal_mode")
    if mode != "wal":
        raise Fault(f"SQLite's journal is {mode} and not wal: is it a network drive?")
    hosts = {
        one.rsplit("/", 2)[0] for one in WorkerHost.objects.values_list("pk", flat=True)
    }
    if len(hosts) > 1:
        raise Fault("Several machines share a SQLite file: use PostgreSQL.")
    return f"SQLite {_one('SELECT sqlite_version()')} in WAL mode, for one machine."


def _half_built() -> list[str]:
    """Name the indexes that were to be built beside writers, and were not."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(HALF_BUILT)
        return [name for (name,) in cursor.fetchall()]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _one(statement: str, *parameters: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()[0]
