"""What errors are to a caller: plain text, mostly with status 404 (3.2.2, 3.2.3)."""

from collections.abc import Mapping
from http import HTTPStatus

from exports.dialects.databox import wire
from exports.dialects.databox.auth import NotAllowed
from exports.dialects.databox.decode import Undecodable
from exports.dialects.databox.intake import NoSuchRequest
from tasks.dialects.call import Reply
from tasks.engine.hub import TooManyWaits
from tasks.errors import Refused, TooManyJobs
from tasks.idempotency import BadKey, KeyInUse, KeyReused

TEXT = {"Content-Type": "text/plain"}
STATUSES = {Undecodable: 404, BadKey: 400, KeyReused: 422}


def refusal_of(error: Exception) -> Reply | None:
    """Return the answer to an error; None for one that is our own fault."""
    match error:
        case NotAllowed():
            return text_reply(error.status, error.text)
        case NoSuchRequest():
            return text_reply(404, wire.no_such_request(error.delivery_id))
        case Undecodable() | BadKey() | KeyReused():
            return text_reply(STATUSES[type(error)], str(error))
        case KeyInUse():
            return text_reply(
                409, str(error), {"Retry-After": str(error.retry_after_s)}
            )
        case Refused():
            return refusal_to_take(error)
    return None


def refusal_to_take(error: Refused) -> Reply:
    theirs = isinstance(error, TooManyWaits | TooManyJobs)
    later = {"Retry-After": str(error.retry_after_s)}
    return text_reply(429 if theirs else 503, str(error), later)


def text_reply(
    status: int, text: str, headers: Mapping[str, str] | None = None
) -> Reply:
    told = text or HTTPStatus(status).phrase
    return Reply(status, told.encode(errors="replace"), {**TEXT, **(headers or {})})
