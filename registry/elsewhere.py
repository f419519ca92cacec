"""The runner elsewhere: how it is told of new revisions, and where it reports to."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.core.signing import BadSignature, Signer

from registry.errors import NotAuthorised, RefreshFailed
from registry.models import Revision, Runner
from tasks import outbound, services

JOB_KIND = "registry.refresh"
log = logging.getLogger(__name__)
_signer = Signer(salt="registry.callback")


def refresh(*, on_open: Callable[[Callable[[], None]], None] | None = None) -> None:
    """Have the runner look for new revisions; without a DPP_URL it looks by itself.

    It speaks HTTP: call it once what is new is committed, never before. `on_open` is
    that of `outbound.stream`.

    Raises:
        RefreshFailed: it did not answer 200.
    """
    if settings.PIPELINE_RUNNER != Runner.EXTERNAL or not settings.DPP_URL:
        return
    url = f"{settings.DPP_URL.rstrip('/')}/api/refresh"
    try:
        with outbound.stream(
            "GET", url, policy=settings.OUTBOUND_QUICK, on_open=on_open
        ) as reply:
            answer = str(reply.status)
    except outbound.OutboundError as error:
        answer = error.code
    if answer != "200":
        log.warning("runner was not refreshed", extra={"answer": answer})
        raise RefreshFailed


def refresh_later(revision: Revision) -> None:
    """Have a worker do it, for revisions that nobody waits to be answered about."""
    if revision.runner == Runner.EXTERNAL:
        client = revision.dataset.client
        services.enqueue(
            JOB_KIND, client=client, params={}, lane=JOB_KIND, internal=True
        )


def callback_url(revision: Revision, *, origin: str) -> str:
    """Return the revision's own URL for callbacks: who knows it needs no key."""
    return f"{origin}/source/update/{_signer.sign_object(revision.flow_id)}"


def flow_of(token: str) -> str:
    """Return the flow id that a callback URL of ours is for.

    Raises:
        NotAuthorised: it is none of ours.
    """
    try:
        flow_id: str = _signer.unsign_object(token)
    except BadSignature:
        raise NotAuthorised("the callback URL is not one of ours") from None
    return flow_id
