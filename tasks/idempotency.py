"""Idempotency-Key: of equal requests one makes work, the others get its reply.

As draft-ietf-httpapi-idempotency-key-header has it. The key's row, the work and the
reply are one transaction: there is either all of it or nothing, whatever dies.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import psycopg.errors
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from tasks.errors import EntrepotError
from tasks.models import KeptReply

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotent-Replayed": "true"}
KEY = re.compile(r"[\x21-\x7e]{1,255}")
LONGEST_ROUTE = 255
WAIT_S = 5
BATCH = 500


class BadKey(EntrepotError):
    """Idempotency-Key should be 1 to 255 visible ASCII characters."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class KeyReused(EntrepotError):
    """The Idempotency-Key was used before, with another request."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class KeyInUse(EntrepotError):
    """A request with this Idempotency-Key is still being answered."""

    retry_after_s = 1

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that has a key, as it is known again."""

    id: str
    route: str
    request: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply; it is kept if it `made` work."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    made: bool = True
    replayed: bool = False


def read(header: str | None, *, scope: str, route: str, body: bytes) -> Asked | None:
    """Return what a request asks for once; None, if it has no key.

    `scope` is whose key it is: those of others do not matter. `route` is method and
    path.

    Raises:
        BadKey: the header cannot be a key.
    """
    if header is None:
        return None
    if KEY.fullmatch(header) is None:
        raise BadKey
    whose = hashlib.sha256(f"{scope}\0{header}".encode()).hexdigest()
    return Asked(whose, route[:LONGEST_ROUTE], hashlib.sha256(body).hexdigest())


def once(asked: Asked | None, act: Callable[[], Answer]) -> Answer:
    """Return what `act` does, or what it answered when this was asked before.

    What `act` writes is one transaction with its answer; it must not speak to the
    outside. An answer that made nothing is not kept, nor is an error it raises.

    Raises:
        KeyReused: the same key came with another request.
        KeyInUse: the first request takes too long to wait for.
    """
    if asked is None:
        return act()
    if kept := _kept(asked):
        return kept
    with transaction.atomic():
        if kept := _begin(asked):
            return kept
        answer = act()
        _end(asked, answer)
    return answer


def amend(asked: Asked | None, answer: Answer) -> None:
    """Keep another answer than the one first given, of what came after the commit."""
    if asked:
        _end(asked, answer)


def prune(*, at: datetime, dry_run: bool) -> dict[str, int]:
    """Delete what is kept no longer; for `manage.py prune`."""
    old = KeptReply.objects.filter(created_at__lt=_oldest(at))
    count = old.count()
    while not dry_run and (ids := list(old.values_list("pk", flat=True)[:BATCH])):
        KeptReply.objects.filter(pk__in=ids).delete()
    return {"idempotency keys": count}


def _kept(asked: Asked) -> Answer | None:
    row = KeptReply.objects.filter(pk=asked.id).first()
    if row is None:
        return None
    if row.created_at < _oldest(timezone.now()):
        # That very one: another request may have begun anew, and ended, since.
        KeptReply.objects.filter(pk=row.pk, created_at=row.created_at).delete()
        return None
    return _replay(asked, row)


def _begin(asked: Asked) -> Answer | None:
    """Take the key for this transaction, or return what another one kept.

    Whoever comes second waits here until the first has committed or given up.
    """
    with _not_for_long():
        KeptReply.objects.bulk_create(
            [
                KeptReply(
                    id=asked.id,
                    route=asked.route,
                    request=asked.request,
                    created_at=timezone.now(),
                )
            ],
            ignore_conflicts=True,
        )
    row = KeptReply.objects.get(pk=asked.id)
    return None if row.status is None else _replay(asked, row)


def _end(asked: Asked, answer: Answer) -> None:
    row = KeptReply.objects.filter(pk=asked.id)
    if not answer.made:
        row.delete()
        return
    row.update(
        status=answer.status, headers=dict(answer.headers), body=bytes(answer.body)
    )


def _replay(asked: Asked, row: KeptReply) -> Answer:
    if (row.route, row.request) != (asked.route, asked.request):
        raise KeyReused
    # Null is seen only by who wrote it: a request within its own request.
    kept = Answer(row.status or 0, bytes(row.body), row.headers)
    return replace(kept, replayed=True)


def _oldest(at: datetime) -> datetime:
    return at - timedelta(hours=settings.IDEMPOTENCY_KEEP_HOURS)


@contextmanager
def _not_for_long() -> Iterator[None]:
    """Bound the wait for another transaction; on SQLite the connection's does."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{WAIT_S}s'")
        try:
            yield
        except OperationalError as error:
            if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
                raise KeyInUse from None
            raise
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
