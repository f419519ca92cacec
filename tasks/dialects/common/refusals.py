"""What errors are to a caller of the common API: a status, a message, headers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rest_framework.exceptions import MethodNotAllowed

from tasks.archive.store import StoreDown
from tasks.collecting import errors
from tasks.dialects.common import wire
from tasks.dialects.common.auth import (
    IdpDown,
    NotAuthenticated,
    OidcError,
    WrongScope,
)
from tasks.dialects.common.bodies import BadRequest
from tasks.dialects.json_body import BadJson, BodyTooLarge
from tasks.errors import Overloaded, TooManyJobs
from tasks.idempotency import BadKey, KeyInUse, KeyReused


@dataclass(eq=False)
class Refusal(Exception):
    """An answer that is no success."""

    status: int
    message: str
    headers: dict[str, str] = field(default_factory=dict)


def _told(status: int, message: str = "") -> Callable[[Any], Refusal]:
    return lambda error: Refusal(status, message or str(error))


def _later(status: int) -> Callable[[Any], Refusal]:
    def refusal(error: Any) -> Refusal:
        after = {"Retry-After": str(error.retry_after_s)}
        return Refusal(status, str(error), after)

    return refusal


def _unknown(error: OidcError) -> Refusal:
    return Refusal(error.status, str(error), dict(error.headers))


# The first that an error is one of: what is special stands above what it is a case of.
REFUSALS: dict[type[Exception], Callable[[Any], Refusal]] = {
    Refusal: lambda refusal: refusal,
    BadRequest: _told(400),
    BadJson: _told(400),
    BadKey: _told(400),
    errors.BadAsset: _told(400),
    errors.TooManyAssets: _told(400),
    NotAuthenticated: _unknown,
    WrongScope: _unknown,
    IdpDown: _unknown,
    errors.NoSuchTask: _told(404, wire.NO_TASK),
    MethodNotAllowed: _told(405),
    errors.TaskClosed: _told(409),
    KeyInUse: _later(409),
    BodyTooLarge: _told(413),
    KeyReused: _told(422),
    TooManyJobs: _later(429),
    Overloaded: _later(503),
    StoreDown: _later(503),
}


def refusal_of(error: Exception) -> Refusal | None:
    """Return the answer to an error; None for one that is our own fault."""
    for kind, refusal in REFUSALS.items():
        if isinstance(error, kind):
            return refusal(error)
    return None
