"""Tokens as clients see them: the plane's payload, signed by this service."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

from django.core.signing import BadSignature, Signer

from exports.events import BadToken, Token, decode_token, encode_token

LONGEST = 500  # characters


def write_token(token: Token) -> str:
    told = urlsafe_b64encode(encode_token(token)).decode().rstrip("=")
    return _signer().sign(told)


def read_token(text: str) -> Token:
    """Return what a token says. Raises BadToken for what we did not sign."""
    if len(text) > LONGEST or not text.isascii():
        raise BadToken("The text is no token.")
    try:
        told = _signer().unsign(text)
        return decode_token(urlsafe_b64decode(told + "=" * (-len(told) % 4)))
    except (BadSignature, binascii.Error):
        raise BadToken("The token is not signed by this service.") from None


def _signer() -> Signer:
    return Signer(salt="exports.share_tokens", sep=".")
