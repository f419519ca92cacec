"""The operator's words about the provider, read and checked."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

LONGEST_ISSUER = 200  # with the longest subject it fits the identity's column


@dataclass(frozen=True)
class StaffClaim:
    """Who is staff, or has a role: whoever has `value` in the claim at `path`."""

    path: tuple[str, ...]
    value: str


def parse_issuer(text: str, *, debug: bool) -> str:
    """Read OIDC_ISSUER, which is compared letter by letter and so is not mended.

    Raises ValueError with a sentence.
    """
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        plain = parts.scheme == "http" and (debug or _is_loopback(host))
    except ValueError:
        raise ValueError("OIDC_ISSUER is not a URL.") from None
    if not host or not (parts.scheme == "https" or plain):
        raise ValueError("OIDC_ISSUER must be an https URL (http only on loopback).")
    # OpenID Connect Discovery 1.0, 2: neither query nor fragment.
    if "?" in text or "#" in text or parts.username is not None:
        raise ValueError("OIDC_ISSUER must have no user, query or fragment.")
    if len(text) > LONGEST_ISSUER or not text.isascii() or " " in text:
        raise ValueError(f"OIDC_ISSUER must be at most {LONGEST_ISSUER} ASCII letters.")
    return text


def parse_staff_claim(text: str, *, setting: str = "OIDC_STAFF_CLAIM") -> StaffClaim:
    """Read such a setting: `groups=entrepot-staff` or `realm_access.roles=staff`.

    Raises ValueError with a sentence.
    """
    name, equals, value = text.partition("=")
    path = tuple(part.strip() for part in name.split("."))
    if not equals or not value.strip() or not all(path):
        raise ValueError(f"{setting} must be like groups=entrepot-staff.")
    return StaffClaim(path, value.strip())


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
