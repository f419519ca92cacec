"""What a token claims, held against what this service needs (RFC 7519 4.1, 9068 4)."""

from dataclasses import dataclass
from typing import Any

from tasks.oidc.errors import BadToken

LEEWAY_S = 30  # clocks differ
LAST_TIME = 253_402_300_799  # the end of the year 9999
LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, 2
# Only ID tokens have these (OpenID Connect Core 1.0, 2 and 3.3.2.11).
OF_ID_TOKENS = ("nonce", "at_hash", "c_hash", "s_hash")


@dataclass(frozen=True)
class Grant:
    """Who may do what, until when; the identity is unique over all issuers."""

    identity: str
    scopes: frozenset[str]
    expires_at: float | None = None  # Unix time; None: the provider did not say


def read_grant(claims: dict[str, Any], *, issuer: str, audience: str) -> Grant:
    """Return what an access token's claims grant; the caller has looked at the times.

    Raises BadToken.
    """
    check_audience(claims, audience)
    # Both bind the token to a key that a mere bearer does not show (RFC 8705, 9449).
    if "cnf" in claims:
        raise BadToken("it is bound to a key and is no bearer token")
    return Grant(
        identity=_identity(claims, issuer),
        scopes=_scopes(claims),
        expires_at=_time(claims, "exp"),
    )


def check_issuer(claims: dict[str, Any], issuer: str) -> None:
    if claims.get("iss") != issuer:
        raise BadToken("it is of another issuer")


def check_audience(claims: dict[str, Any], audience: str) -> None:
    named = claims.get("aud")
    listed = [named] if isinstance(named, str) else named
    if not isinstance(listed, list) or audience not in listed:
        raise BadToken("it is for another audience")


def check_times(claims: dict[str, Any], *, at: float, must_end: bool) -> None:
    """Refuse a token that is over, or not yet good; `at` is Unix time."""
    ends, begins = _time(claims, "exp"), _time(claims, "nbf")
    if ends is None and must_end:
        raise BadToken("it does not say when it expires")
    if ends is not None and ends <= at - LEEWAY_S:
        raise BadToken("it has expired")
    issued = _time(claims, "iat")
    if max(begins or 0, issued or 0) > at + LEEWAY_S:
        raise BadToken("it is not valid yet")


def check_kind(claims: dict[str, Any], *, declared: bool) -> None:
    """Refuse an ID token, a refresh token and the like; `declared`: it is "at+jwt".

    Keycloak says what a token is in a claim `typ`.
    """
    kind = claims.get("typ")
    is_access = isinstance(kind, str) and kind.lower() == "bearer"
    if kind is not None and not is_access:
        raise BadToken("it is no access token")
    if not (declared or is_access) and any(name in claims for name in OF_ID_TOKENS):
        raise BadToken("it is an ID token, not an access token")


def _time(claims: dict[str, Any], name: str) -> float | None:
    if name not in claims:
        return None
    value = claims[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= LAST_TIME:
        raise BadToken(f"its claim {name} is not a time")
    return float(value)


def _identity(claims: dict[str, Any], issuer: str) -> str:
    """Name who it is: `sub`, or `client_id` where a provider gives clients no `sub`."""
    if "sub" in claims:
        return f"{issuer} {name_of(claims, 'sub')}"
    # No issuer has a fragment, so this is never what a subject could be called.
    return f"{issuer}#client_id {name_of(claims, 'client_id')}"


def name_of(claims: dict[str, Any], claim: str) -> str:
    value = claims.get(claim)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_SUBJECT:
        raise BadToken("it names nobody")
    # Neither control characters nor halves of surrogates, which no database stores.
    if not value.isprintable():
        raise BadToken("it names somebody who cannot be written down")
    return value


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    """Read `scope` (RFC 8693 4.2), or `scp` as other providers call it."""
    named = claims.get("scope", claims.get("scp"))
    listed = named.split(" ") if isinstance(named, str) else named
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise BadToken("it has no scopes")
    return frozenset(listed) - {""}
