"""The text of an API key: `ep_`, 43 base-62 digits, `_`, and their CRC-32."""

import hashlib
import re
import secrets
import zlib

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SHAPE = re.compile(r"ep_([0-9A-Za-z]{43})_([0-9a-f]{8})", re.ASCII)


def make_key() -> str:
    body = "".join(secrets.choice(DIGITS) for _ in range(43))
    return f"ep_{body}_{_crc(body)}"


def read_digest(text: str) -> str | None:
    """Return the SHA-256 a key is kept under; None if it was never one of ours."""
    match = SHAPE.fullmatch(text)
    if match is None or match[2] != _crc(match[1]):
        return None
    # 256 random bits need no salt and no slow hash.
    return hashlib.sha256(text.encode()).hexdigest()


def _crc(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
