"""What a request asks for: who sends it, of which share, with which parameters."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from exports import share_queries, sharing
from exports.dialects.sharing import params
from exports.dialects.sharing.auth import READ, caller_with
from exports.models import Share, ShareQuery
from exports.share_queries import NoSuchQuery
from exports.sharing import NoSuchShare
from tasks import services
from tasks.models import ApiKey, Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a path names: the events of a share, or of one batch, or their number."""

    share_id: str
    index: int | None = None
    is_count: bool = False


def let_in(key: str, share_id: str, *, scope: str = READ) -> tuple[ApiKey, Share]:
    """Return whose key it is, and the share.

    Raises:
        NotAuthenticated: it is not a key for this.
        NoSuchShare, NotTheirs: of exports.sharing.find_share.
    """
    caller = caller_with(key, scope=scope)
    at = timezone.now()
    uuid = uuid_of(share_id)
    if uuid is None:
        raise NoSuchShare
    return caller, sharing.find_share(client=caller.client, share_id=uuid, at=at)


def submit(key: str, target: Target, query: bytes) -> ShareQuery:
    """Take a query in. There must be room before anything of it is read.

    Raises:
        NotAuthenticated, NoSuchShare, NotTheirs: of let_in.
        TooManyJobs, Overloaded: there is no room.
        BadInputs: the parameters are no good.
    """
    caller, share = let_in(key, target.share_id)
    services.check_room(caller.client)
    return submit_as(caller.client, share, target, query, at=timezone.now())


def submit_as(
    client: Client, share: Share, target: Target, query: bytes, *, at: datetime
) -> ShareQuery:
    batch = sharing.find_batch(share, target.index)
    asked = params.read(query, at=at, is_notification=batch is not None)
    return share_queries.submit(
        client=client,
        share=share,
        asked=asked,
        batch=batch,
        is_count=target.is_count,
        at=at,
    )


def find(key: str, share_id: str, job_id: str, query: bytes) -> ShareQuery:
    """Return a query that the key's client made.

    Raises:
        NotAuthenticated, NoSuchShare, NotTheirs: of let_in.
        BadInputs: there are parameters, and none is taken here.
        NoSuchQuery, Collected, Expired, QueryFailed: of exports.share_queries.find.
    """
    caller, share = let_in(key, share_id)
    params.none_taken(query)
    uuid = uuid_of(job_id)
    if uuid is None:
        raise NoSuchQuery
    at = timezone.now()
    return share_queries.find(client=caller.client, share=share, query_id=uuid, at=at)


def again(query: ShareQuery) -> ShareQuery:
    """Read a query anew; raises what exports.share_queries.find does."""
    return share_queries.find(
        client=query.client,
        share=query.share,
        query_id=query.pk,
        at=timezone.now(),
    )


def uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
