"""Requests to the provider, through the guard: a JSON object, or IdpDown."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from tasks import outbound
from tasks.oidc.errors import IdpDown

logger = logging.getLogger(__name__)

MOST_BYTES = 512 << 10
ANSWERS_WITHIN_S = 5.0
ASK_AGAIN_AFTER_S = 5


def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    problem: type[Exception] | None = None,
) -> dict[str, Any]:
    """Return the JSON object of a reply with status 200.

    Raises:
        IdpDown: anything else happened; the log says what, and quotes nothing.
        problem: if given, the provider itself said no: 400, 401 or 403.
    """
    sent = {"Accept": "application/json", **(headers or {})}
    try:
        with outbound.stream(
            method, url, policy=_policy(), headers=sent, body=body
        ) as reply:
            if problem and reply.status in {400, 401, 403}:
                raise problem
            reply.raise_for_status()
            found = json.loads(reply.read(MOST_BYTES))
    except outbound.OutboundError as error:
        raise _down(url, error.code) from None
    except (ValueError, RecursionError):
        raise _down(url, "not_json") from None
    if not isinstance(found, dict):
        raise _down(url, "no_object")
    return found


def _policy() -> outbound.Policy:
    quick: outbound.Policy = settings.OUTBOUND_QUICK
    most_s = min(quick.total_timeout_s, ANSWERS_WITHIN_S)
    return replace(quick, total_timeout_s=most_s)


def _down(url: str, why: str) -> IdpDown:
    logger.warning(
        "The identity provider did not answer as it should.",
        extra={**_place(url), "why": why},
    )
    return IdpDown(retry_after_s=ASK_AGAIN_AFTER_S)


def _place(url: str) -> dict[str, str]:
    """Tell where a URL leads, without what may be secret in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return {"host": "not a URL"}
    return {"host": parts.netloc.rpartition("@")[2], "path": parts.path}
