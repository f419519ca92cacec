"""Signatures of webhooks, as Standard Webhooks (v1, symmetric) has them."""

import base64
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
KEY_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def sign(secret: str, *, message_id: str, at_s: int, body: bytes) -> str:
    """Return one signature, `v1,` and the base64 of HMAC-SHA256."""
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    signed = b".".join([message_id.encode(), str(at_s).encode(), body])
    digest = hmac.digest(key, signed, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def signed_headers(
    keys: Iterable[str], *, message_id: str, at_s: int, body: bytes
) -> dict[str, str]:
    """Return the three headers; each of `keys`, secrets, makes a signature of its own.

    A receiver that knows one of them finds its signature among the others.
    """
    made = (sign(key, message_id=message_id, at_s=at_s, body=body) for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(made),
    }
