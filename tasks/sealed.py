"""Secrets of clients, encrypted for the database by a key made of SECRET_KEY."""

import base64
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from tasks.errors import SealBroken

PURPOSE = b"entrepot sealed values, 1"


def seal(value: Any) -> str:
    """Return a JSON value as text that only this service can read."""
    plain = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return _keys().encrypt(plain.encode()).decode("ascii")


def unseal(text: str) -> Any:
    """Return what was sealed, by this SECRET_KEY or by one of SECRET_KEY_FALLBACKS.

    Raises:
        SealBroken: by another key, or the text was changed.
    """
    try:
        return json.loads(_keys().decrypt(text.encode()))
    except InvalidToken:
        raise SealBroken(
            "A sealed secret cannot be read: SECRET_KEY has changed since, and the "
            "one before is not in SECRET_KEY_FALLBACKS. Send the secret again."
        ) from None


def _keys() -> MultiFernet:
    return MultiFernet(
        [_fernet(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    )


def _fernet(secret: str) -> Fernet:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return Fernet(base64.urlsafe_b64encode(derivation.derive(secret.encode())))
