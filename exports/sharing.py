"""The use cases of shares: who may read what of a stream, and until when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from exports.errors import ExportError
from exports.models import Batch, EventStream, Share, ShareKind
from exports.tables.rules import parse_rule
from tasks.models import Client


class NoSuchShare(ExportError):
    """There is no such share."""


class NotTheirs(ExportError):
    """The share is not for the owner of this API key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a share shows of its stream."""

    kind: ShareKind = ShareKind.API
    keys: Sequence[str] = ()
    filter: str = ""
    row_limit: int | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    expires_at: datetime | None = None


@transaction.atomic
def create_share(
    *, stream: EventStream, clients: Iterable[Client], terms: Terms
) -> Share:
    """Let clients read a stream. Raises BadRule for a filter that is none."""
    if terms.filter:
        parse_rule(terms.filter)
    share = Share.objects.create(
        stream=stream,
        kind=terms.kind,
        keys=list(terms.keys),
        filter=terms.filter,
        row_limit=terms.row_limit,
        window_start=terms.window_start,
        window_end=terms.window_end,
        expires_at=terms.expires_at,
    )
    share.clients.set(clients)
    return share


def revoke(shares: QuerySet[Share], *, at: datetime) -> int:
    """Let nobody read these shares any more."""
    return shares.filter(revoked_at=None).update(revoked_at=at)


def revoke_tokens(shares: QuerySet[Share]) -> int:
    """Make all tokens that were handed out so far worthless, at once."""
    return shares.update(epoch=F("epoch") + 1)


def find_share(*, client: Client, share_id: UUID, at: datetime) -> Share:
    """Return a share that this client may read, with its stream.

    Raises:
        NoSuchShare: unknown, expired or revoked.
        NotTheirs: it is for others.
    """
    share = Share.objects.select_related("stream").filter(pk=share_id).first()
    if share is None or share.is_over(at=at):
        raise NoSuchShare
    if not is_reader(client, share):
        raise NotTheirs
    return share


def is_reader(client: Client, share: Share) -> bool:
    """Tell whether a share is for a client; its stream's owner always reads."""
    if share.stream.client_id == client.pk:
        return True
    return share.clients.filter(pk=client.pk).exists()


def find_batch(share: Share, index: int | None) -> Batch | None:
    """Return the batch that a notification's index names; None for an API share.

    Raises:
        NoSuchShare: there is none, or the share is of the other kind.
    """
    if (share.kind == ShareKind.NOTIFICATION) is (index is None):
        raise NoSuchShare
    if index is None:
        return None
    batch = Batch.objects.filter(stream_id=share.stream_id, number=index)
    found = batch.defer("payload").first()
    if found is None:
        raise NoSuchShare
    return found
