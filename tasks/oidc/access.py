"""An access token in an Authorization header, and what it grants (RFC 6750)."""

import re
from time import time

from django.conf import settings

from tasks import context
from tasks.models import Client, Identity
from tasks.oidc import jose, opaque, provider
from tasks.oidc.claims import (
    Grant,
    check_issuer,
    check_kind,
    check_times,
    read_grant,
)
from tasks.oidc.errors import BadToken, NotAuthenticated
from tasks.oidc.provider import Provider
from tasks.services import client_of

LONGEST_HEADER = 16_384
TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")

verdicts = opaque.Verdicts()


def grant_of(authorization: str) -> Grant:
    """Return what the bearer may do, by the header's text.

    Raises:
        NotAuthenticated: there is no token.
        BadToken: there is one, not to be trusted.
        IdpDown: only the provider could tell, and does not answer.
    """
    if len(authorization) > LONGEST_HEADER:
        raise BadToken(f"the header is longer than {LONGEST_HEADER} characters")
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthenticated
    text = text.strip(" ")
    if not TOKEN.fullmatch(text):
        raise BadToken("it is not written as RFC 6750 has it")
    trusted = provider.current()
    if trusted is None:
        raise BadToken("this service trusts no issuer")
    if jose.looks_signed(text):
        return _signed(text, trusted)
    if not opaque.can_be_asked(trusted):
        raise BadToken("it is no signed token")
    return verdicts.grant_of(text, trusted)


def client_behind(grant: Grant) -> Client:
    """Return the client a grant is for; its first visit makes one.

    Raises BadToken when that client has been revoked.
    """
    # Looked for first: making one takes SQLite's lock for writers, and most are known.
    known = Identity.objects.filter(
        scheme=Identity.Scheme.OIDC, subject=grant.identity
    ).select_related("client")
    identity = known.first()
    client = (
        identity.client if identity else client_of(Identity.Scheme.OIDC, grant.identity)
    )
    if client.revoked_at is not None:
        raise BadToken("its client has been revoked")
    context.note(client=client.pk)
    return client


def _signed(text: str, trusted: Provider) -> Grant:
    header = jose.read_header(text)
    declared = header.kind in jose.ACCESS
    if not declared and header.kind and header.kind not in jose.PLAIN:
        raise BadToken("it is of another kind")
    claims = jose.verified(text, header, trusted.keys_for(header))
    check_issuer(claims, trusted.issuer)
    check_times(claims, at=time(), must_end=True)
    check_kind(claims, declared=declared)
    audience = settings.OIDC_AUDIENCE
    return read_grant(claims, issuer=trusted.issuer, audience=audience)
