"""Who hands data over: the holder of a macaroon, or of an API key (contract 3.2.2)."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from exports import capabilities, macaroons
from exports.capabilities import NoSecret
from exports.macaroons import BadMacaroon, Facts, Grant, Reason
from tasks import context
from tasks.apikeys import read_digest
from tasks.errors import EntrepotError
from tasks.models import Client
from tasks.services import find_key

SCOPE = "deliver"

_FAILS = "macaroon verification fails: "
MISSING = _FAILS + "Missing API key/token"
UNREADABLE = _FAILS + "Invalid API key/token"
NO_SECRET = _FAILS + "Can't get macaroon secret"
INVALID = "Invalid API key/token"
NO_CLIENT_ID = "no client id in macaroons"


class NotAllowed(EntrepotError):
    """The contract's text for a caller who may not, and its status."""

    def __init__(self, text: str, *, status: int = 401) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


@dataclass(frozen=True)
class Caller:
    """Somebody who was let in; `grant` is None for who came with an API key."""

    client: Client
    grant: Grant | None = None
    listed_only: bool = False

    def may_reach(self, uri: str) -> bool:
        """Tell whether data may be delivered there, as far as it is for us to say.

        Ask with "" for a body that names no destination: only a caveat forbids that.
        """
        if self.grant and not self.grant.allows(uri):
            return False
        if not uri:
            return True
        if listed := self.client.destinations:
            # Also with a caveat, which any holder can add: it may only narrow.
            return isinstance(listed, list) and uri in listed
        named = self.grant is not None and self.grant.names_destinations
        return bool(settings.DEBUG) or (named and not self.listed_only)


def authenticate(headers: Mapping[str, str], *, method: str, path: str) -> Caller:
    """Return who sends these headers, for this method and path.

    A revoked one is refused at once, so a connection that lasts asks again.

    Raises:
        NotAllowed: nobody, or nobody who may.
    """
    text = _token(headers)
    if not text:
        raise NotAllowed(MISSING)
    if read_digest(text) is not None:
        return _by_key(text)
    try:
        return _by_macaroon(
            text, Facts(target=settings.DATABOX_LOCAL_NAME, method=method, path=path)
        )
    except NoSecret:
        raise NotAllowed(NO_SECRET) from None
    except BadMacaroon as bad:
        unreadable = bad.reason is Reason.UNREADABLE
        raise NotAllowed(UNREADABLE if unreadable else INVALID) from None


def _token(headers: Mapping[str, str]) -> str:
    """Return X-Api-Key, else the user name of HTTP Basic, else nothing."""
    sent = {name.lower(): value.strip() for name, value in headers.items()}
    if key := sent.get("x-api-key"):
        return key
    scheme, _, encoded = sent.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        pair = b64decode(encoded.strip(), validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        return ""
    user, colon, _ = pair.partition(":")
    return user if colon else ""


def _by_key(text: str) -> Caller:
    key = find_key(text, scope=SCOPE)
    if key is None:
        raise NotAllowed(INVALID)
    return Caller(key.client)


def _by_macaroon(text: str, facts: Facts) -> Caller:
    known = capabilities.find_identifier(macaroons.identifier_of(text))
    secret = capabilities.secret_of(known)
    grant = macaroons.verify(text, secret=secret, facts=facts)
    if not grant.identifier:
        raise NotAllowed(NO_CLIENT_ID, status=404)
    if known is None:
        known = capabilities.keep_identifier(grant.identifier)
    if known.is_revoked:
        raise NotAllowed(INVALID)
    context.note(client=known.client.pk)
    return Caller(known.client, grant, known.listed_only)
