"""What a body asks for: judged in the contract's order, then taken in or found."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from exports import deliveries
from exports.deliveries import NoSuchDelivery
from exports.dialects.databox import decode
from exports.dialects.databox.auth import INVALID, Caller, NotAllowed, authenticate
from exports.dialects.databox.decode import Asked, Undecodable
from exports.errors import ExportError
from exports.models import Delivery
from tasks.models import Client


class NoSuchRequest(ExportError):
    """Unknown, another's, collected, or being handed to somebody else."""

    def __init__(self, delivery_id: UUID) -> None:
        super().__init__()
        self.delivery_id = delivery_id


@dataclass(frozen=True)
class Wanted:
    """A body that may be acted on; without an id it is a new delivery."""

    client: Client
    delivery_id: UUID | None
    uri: str
    data: str


def let_in(headers: Mapping[str, str], *, method: str, path: str) -> Caller:
    """Return who may talk here.

    Raises:
        NotAllowed: this one may not.
    """
    return authenticate(headers, method=method, path=path)


def judge(
    headers: Mapping[str, str], body: str | bytes, *, method: str, path: str
) -> Wanted:
    """Return what is wanted: the token is judged before the body (3.2.2).

    Raises:
        NotAllowed: the token is no good, or not for this destination.
        Undecodable: the body is no good, or its id is none.
    """
    caller = let_in(headers, method=method, path=path)
    asked = _allowed(caller, body.encode() if isinstance(body, str) else body)
    delivery_id = asked.delivery_id
    return Wanted(caller.client, delivery_id, asked.uri, asked.data)


def submit(wanted: Wanted) -> Delivery:
    """Raise TooManyJobs or Overloaded as exports.deliveries.submit does."""
    return deliveries.submit(
        client=wanted.client, destination=wanted.uri, data=wanted.data
    )


def find(client: Client, delivery_id: UUID) -> Delivery:
    """Raise NoSuchRequest where there is none."""
    try:
        return deliveries.find(client=client, delivery_id=delivery_id)
    except NoSuchDelivery:
        raise NoSuchRequest(delivery_id) from None


def _allowed(caller: Caller, body: bytes) -> Asked:
    try:
        asked = decode.read(body)
    except Undecodable:
        # A token for certain destinations is not for a body that names none.
        if not caller.may_reach(""):
            raise NotAllowed(INVALID) from None
        raise
    if not caller.may_reach(asked.uri):
        raise NotAllowed(INVALID)
    return asked
