"""Tokens of the auth server: RS256, for one owner (contract 3.1.1)."""

import threading
from dataclasses import dataclass
from time import monotonic
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, QueryDict

from registry.errors import NotAuthorised
from tasks import outbound

SERVICE = "source"
MAX_TOKEN_CHARACTERS = 16_384
MAX_KEY_BYTES = 16_384
# What the library lets through of a token that is odd enough, besides its own.
ODD = (OverflowError, RecursionError, ValueError)
# After a bad signature the key may be new; but forgers must not make us ask often.
COOL_DOWN_S = 60.0


@dataclass(frozen=True)
class Token:
    userid: str
    max_datasets: int

    def of(self, owner: str) -> "Token":
        if self.userid != owner:
            raise NotAuthorised("the token is of another user")
        return self


def token_text(request: HttpRequest) -> str:
    """Find the token where the contract lets it be: header, or query string.

    A form cannot hold it: the body of an upload is JSON.
    """
    header = request.headers.get("Auth-Token", "")
    return header or query_of(request).get("jwt", "")


def query_of(request: HttpRequest) -> QueryDict:
    # request.GET would be decoded by the charset that goes with the body.
    try:
        return QueryDict(request.META.get("QUERY_STRING", ""), encoding="utf-8")
    except TooManyFieldsSent:
        return QueryDict()


def read_token(text: str) -> Token:
    """Return what a token says; raise NotAuthorised if it is not one to trust."""
    if not text or len(text) > MAX_TOKEN_CHARACTERS:
        raise NotAuthorised("no token")
    claims = _verified(text)
    service, userid = claims.get("service"), claims.get("userid")
    if not isinstance(userid, str) or not userid:
        raise NotAuthorised("the token names no user")
    if service is not None and service != SERVICE and settings.AUTH_CHECK_SERVICE:
        raise NotAuthorised("the token is for another service")
    return Token(userid=userid, max_datasets=_max_datasets(claims))


def _max_datasets(claims: dict[str, Any]) -> int:
    permissions = claims.get("permissions")
    most = permissions.get("max_dataset_num") if isinstance(permissions, dict) else 0
    return most if isinstance(most, int) and not isinstance(most, bool) else 0


def _verified(text: str) -> dict[str, Any]:
    key = public_key.get()
    try:
        return _decode(text, key)
    except jwt.InvalidSignatureError as error:
        newer = public_key.get_newer_than(key)
        if newer is None:
            raise NotAuthorised(str(error)) from None
    except (jwt.PyJWTError, *ODD) as error:
        raise NotAuthorised(str(error)) from None
    try:
        return _decode(text, newer)
    except (jwt.PyJWTError, *ODD) as error:
        raise NotAuthorised(str(error)) from None


def _decode(text: str, key: RSAPublicKey) -> dict[str, Any]:
    # The audience is not part of the contract; expiry counts where it is given.
    claims: dict[str, Any] = jwt.decode(
        text, key, algorithms=["RS256"], options={"verify_aud": False}
    )
    return claims


class PublicKey:
    """The auth server's key: from the settings, or fetched when first needed."""

    def __init__(self) -> None:
        self._key: RSAPublicKey | None = None
        self._asked_at = float("-inf")
        self._guard = threading.Lock()

    def get(self) -> RSAPublicKey:
        """Return the key; raise NotAuthorised when there is none to be had."""
        with self._guard:
            if self._key is None:
                self._key = self._obtain()
            if self._key is None:
                raise NotAuthorised("there is no public key")
            return self._key

    def get_newer_than(self, key: RSAPublicKey) -> RSAPublicKey | None:
        """Return the key if it has changed since, asking the server if we may."""
        with self._guard:
            if self._key is key and not settings.AUTH_PUBLIC_KEY:
                self._key = self._obtain() or key
            changed = self._key is not None and not _same(self._key, key)
            return self._key if changed else None

    def _obtain(self) -> RSAPublicKey | None:
        if settings.AUTH_PUBLIC_KEY:
            return _load(settings.AUTH_PUBLIC_KEY.encode())
        if not settings.AUTH_SERVER or monotonic() - self._asked_at < COOL_DOWN_S:
            return None
        self._asked_at = monotonic()
        return _fetch(f"http://{settings.AUTH_SERVER}/auth/public-key")


def _same(one: RSAPublicKey, other: RSAPublicKey) -> bool:
    return one.public_numbers() == other.public_numbers()


def _fetch(url: str) -> RSAPublicKey | None:
    try:
        with outbound.stream("GET", url, policy=settings.OUTBOUND_QUICK) as reply:
            reply.raise_for_status()
            return _load(reply.read(MAX_KEY_BYTES))
    except outbound.OutboundError:
        return None


def _load(pem: bytes) -> RSAPublicKey | None:
    try:
        key = load_pem_public_key(pem.strip())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) else None


public_key = PublicKey()
