"""What the exports' errors are to a caller: a status, a detail, and headers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rest_framework.exceptions import MethodNotAllowed

from exports import errors
from exports.dialects.fetchtozip import wire
from exports.dialects.fetchtozip.auth import NotAuthenticated
from exports.dialects.fetchtozip.faults import Unprocessable
from tasks.archive.store import StoreDown
from tasks.dialects.json_body import BodyTooLarge
from tasks.errors import Overloaded, Refused, TooManyJobs
from tasks.idempotency import BadKey, KeyInUse, KeyReused

CHALLENGE = {"WWW-Authenticate": "Token"}


@dataclass(eq=False)
class Refusal(Exception):
    """An answer that is no success, in the shape that FastAPI gives it."""

    status: int
    detail: Any
    headers: dict[str, str] = field(default_factory=dict)


def _later(status: int) -> Callable[[Any], Refusal]:
    def refusal(error: Refused | KeyInUse | StoreDown) -> Refusal:
        after = {"Retry-After": str(error.retry_after_s)}
        return Refusal(status, str(error), after)

    return refusal


def _told(status: int, detail: str = "") -> Callable[[Any], Refusal]:
    return lambda error: Refusal(status, detail or str(error))


REFUSALS: dict[type[Exception], Callable[[Any], Refusal]] = {
    Refusal: lambda refusal: refusal,
    Unprocessable: lambda error: Refusal(422, error.items),
    BodyTooLarge: _told(413),
    NotAuthenticated: lambda _: Refusal(401, wire.NO_KEY, CHALLENGE),
    MethodNotAllowed: _told(405, "Method Not Allowed"),
    errors.NoInputs: _told(400, wire.NO_INPUTS),
    errors.NoConfiguration: _told(400, wire.NO_CONFIGURATION),
    errors.NoSource: _told(400, wire.NO_SOURCE),
    errors.TooManyInputs: _told(400),
    errors.NoSuchTask: _told(404, wire.NO_TASK),
    errors.NotCancellable: lambda error: Refusal(400, wire.not_cancellable(error.task)),
    errors.PreviewFailed: _told(422),
    BadKey: _told(400),
    KeyReused: _told(422),
    KeyInUse: _later(409),
    TooManyJobs: _later(429),
    Overloaded: _later(503),
    StoreDown: _later(503),
}


def refusal_of(error: Exception) -> Refusal | None:
    """Return the answer to an error; None for one that is our own fault."""
    found = REFUSALS.get(type(error))
    return found(error) if found else None
