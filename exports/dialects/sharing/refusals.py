"""What errors are to a caller: JSON with title, description and errors (3.3.2)."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from exports import share_queries, sharing
from exports.appending import AppendedBefore
from exports.dialects.sharing import wire
from exports.dialects.sharing.auth import NotAuthenticated
from exports.dialects.sharing.params import BadInputs, Fault
from exports.events import BadEvents, TooLarge
from tasks.archive.store import StoreDown
from tasks.dialects.call import Reply, reply_json
from tasks.engine.hub import JobGone
from tasks.errors import Refused
from tasks.idempotency import BadKey, KeyInUse, KeyReused

# Of contract 3.3.4, also for errors.
JSON = {"Content-Type": "application/json; charset=utf-8"}
CHALLENGE = {"WWW-Authenticate": "token"}


def told(status: int, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Reply with a status and a sentence; also for who never got to a door."""
    said = message or HTTPStatus(status).phrase
    return reply_json(
        wire.error(status, said), status=status, headers=JSON | dict(headers or {})
    )


def refusal_of(error: Exception) -> Reply | None:
    """Return the answer to an error; None for one that is our own fault."""
    for kind, tell in REFUSALS.items():
        if isinstance(error, kind):
            return tell(error)
    return None


def _as(
    status: int, headers: Mapping[str, str] | None = None
) -> Callable[[Any], Reply]:
    return lambda error: told(status, str(error), headers)


def _later(status: int) -> Callable[[Any], Reply]:
    def tell(error: Refused | KeyInUse | StoreDown) -> Reply:
        return told(status, str(error), {"Retry-After": str(error.retry_after_s)})

    return tell


def invalid(faults: list[Fault]) -> Reply:
    return reply_json(wire.invalid_inputs(faults), status=400, headers=JSON)


def _bad_events(error: BadEvents) -> Reply:
    where = f"events[{error.event - 1}]" if error.event else "body"
    key = f"{where}.{error.key}" if error.key else where
    faults = [Fault(key, str(error), "body validation")]
    status = 413 if isinstance(error, TooLarge) else 400
    return reply_json(wire.invalid_inputs(faults), status=status, headers=JSON)


# The first that fits counts. Too many jobs are told as too much work is: the
# downloader of the seed knows what to do with a 503 only.
REFUSALS: dict[type[Exception], Callable[[Any], Reply]] = {
    NotAuthenticated: _as(401, CHALLENGE),
    sharing.NotTheirs: _as(403),
    sharing.NoSuchShare: _as(404),
    share_queries.NoSuchQuery: _as(404),
    JobGone: _as(404),
    share_queries.Unfinished: _as(404),
    share_queries.Expired: _as(410, wire.EXPIRED),
    share_queries.Collected: _as(410),
    share_queries.QueryFailed: _as(500),
    BadInputs: lambda error: invalid(error.faults),
    BadEvents: _bad_events,
    AppendedBefore: _as(409),
    BadKey: _as(400),
    KeyReused: _as(422),
    KeyInUse: _later(409),
    Refused: _later(503),
    StoreDown: _later(503),
}
