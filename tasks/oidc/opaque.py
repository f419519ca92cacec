"""Opaque tokens, of which only the provider knows what they say (RFC 7662)."""

import hashlib
import threading
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import time
from typing import Any
from urllib.parse import quote_plus, urlencode

from django.conf import settings

from tasks.oidc.asking import ASK_AGAIN_AFTER_S, ask
from tasks.oidc.claims import Grant, check_issuer, check_kind, check_times, read_grant
from tasks.oidc.errors import BadToken, IdpDown
from tasks.oidc.provider import Provider

GOOD_FOR_S = 60.0
BAD_FOR_S = 10.0
MOST_KEPT = 10_000
# Each asks in one of this process' threads: the rest are for others.
ASKED_AT_ONCE = 8
STRIPES = 64
WAIT_S = 6.0

UNKNOWN = "the provider does not know it as good"


@dataclass(frozen=True)
class Verdict:
    """A grant, or why there is none; believed until that Unix time."""

    grant: Grant | None
    why: str
    until: float


class Verdicts:
    """What the provider said lately, by the tokens' digests: tokens are not kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Verdict] = OrderedDict()
        self._guard = threading.Lock()
        self._stripes = [threading.Lock() for _ in range(STRIPES)]
        self._asking = threading.BoundedSemaphore(ASKED_AT_ONCE)
        self._failed_at = float("-inf")

    def grant_of(self, text: str, provider: Provider) -> Grant:
        """Return what an opaque token grants.

        Raises BadToken, and IdpDown when the provider does not say.
        """
        key = hashlib.sha256(f"{provider.issuer} {text}".encode()).digest()
        verdict = self._find(key)
        if verdict is None:
            with self._turn(self._stripes[key[0] % STRIPES]):
                verdict = self._find(key) or self._ask(key, text, provider)
        if verdict.grant is None:
            raise BadToken(verdict.why)
        return verdict.grant

    def _find(self, key: bytes) -> Verdict | None:
        with self._guard:
            verdict = self._kept.get(key)
            if verdict is None or verdict.until <= time():
                return None
            self._kept.move_to_end(key)
            return verdict

    def _ask(self, key: bytes, text: str, provider: Provider) -> Verdict:
        with self._turn(self._asking):
            # Only now: who waited for its turn may have seen another's time out.
            if 0 <= time() - self._failed_at < ASK_AGAIN_AFTER_S:
                raise IdpDown(retry_after_s=ASK_AGAIN_AFTER_S)
            try:
                told = _introspect(text, provider)
            except IdpDown:
                self._failed_at = time()
                raise
        verdict = _judge(told, provider.issuer)
        with self._guard:
            self._kept[key] = verdict
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return verdict

    @contextmanager
    def _turn(
        self, lock: "threading.Lock | threading.BoundedSemaphore"
    ) -> Iterator[None]:
        if not lock.acquire(timeout=WAIT_S):
            raise IdpDown(retry_after_s=1)
        try:
            yield
        finally:
            lock.release()


def can_be_asked(provider: Provider) -> bool:
    """Tell whether this service may ask, and the provider answers such questions."""
    may = settings.OIDC_CLIENT_ID and settings.OIDC_CLIENT_SECRET
    return bool(may and provider.doors.introspection)


def basic_credentials() -> str:
    """Return our own name and secret as RFC 6749 2.3.1 has them sent."""
    name, secret = settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET
    pair = f"{quote_plus(name)}:{quote_plus(secret)}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _introspect(text: str, provider: Provider) -> dict[str, Any]:
    form = {"token": text, "token_type_hint": "access_token"}
    headers = {
        "Authorization": basic_credentials(),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return ask(
        "POST",
        provider.doors.introspection,
        headers=headers,
        body=urlencode(form).encode(),
    )


def _judge(told: dict[str, Any], issuer: str) -> Verdict:
    at = time()
    try:
        grant = _grant(told, issuer, at)
    except BadToken as bad:
        return Verdict(None, bad.why, at + BAD_FOR_S)
    ends = at + GOOD_FOR_S
    return Verdict(grant, "", min(ends, grant.expires_at or ends))


def _grant(told: dict[str, Any], issuer: str, at: float) -> Grant:
    if told.get("active") is not True:
        raise BadToken(UNKNOWN)
    kind = told.get("token_type", "Bearer")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise BadToken("it is no bearer token")
    if "iss" in told:
        check_issuer(told, issuer)
    check_kind(told, declared=True)
    check_times(told, at=at, must_end=False)
    return read_grant(told, issuer=issuer, audience=settings.OIDC_AUDIENCE)
