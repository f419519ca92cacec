"""An ID token: who has just signed in (OpenID Connect Core 1.0, 3.1.3.7)."""

from time import time
from typing import Any

from django.utils.crypto import constant_time_compare

from tasks.oidc import jose
from tasks.oidc.claims import check_audience, check_issuer, check_times, name_of
from tasks.oidc.errors import BadToken
from tasks.oidc.provider import Provider


def read_id_token(
    text: object, *, trusted: Provider, client_id: str, nonce: str
) -> dict[str, Any]:
    """Return the claims of an ID token that answers the sign-in of this nonce.

    Raises BadToken, and IdpDown when its key cannot be had.
    """
    if not isinstance(text, str):
        raise BadToken("there is none")
    header = jose.read_header(text)
    if header.kind and header.kind not in jose.PLAIN:
        raise BadToken("it is of another kind")
    claims = jose.verified(text, header, trusted.keys_for(header))
    check_issuer(claims, trusted.issuer)
    check_audience(claims, client_id)
    check_times(claims, at=time(), must_end=True)
    if str(claims.get("typ", "ID")).upper() != "ID":
        raise BadToken("it is no ID token")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise BadToken("it was made for another client")
    if not nonce or not constant_time_compare(str(claims.get("nonce")), nonce):
        raise BadToken("it answers another sign-in")
    name_of(claims, "sub")
    return claims
