"""The provider's public keys, each with the algorithms it may be used for."""

from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
CURVES = {
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
}
# Asymmetric ones alone: with a shared secret whoever checks could also sign.
ALGORITHMS = RSA.union(*CURVES.values())

PRIVATE_PARTS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
SHORTEST_RSA_BITS = 2048
MOST_KEYS = 100


@dataclass(frozen=True)
class Key:
    kid: str | None
    algorithms: frozenset[str]
    public: Any


@dataclass(frozen=True, eq=False)
class KeySet:
    keys: tuple[Key, ...]

    def fitting(self, *, kid: str | None, algorithm: str) -> list[Key]:
        """Return the keys a token may be signed with.

        Without a key's name there must be one alone that fits, or none is returned.
        """
        able = [key for key in self.keys if algorithm in key.algorithms]
        if kid is None:
            return able if len(able) == 1 else []
        return [key for key in able if key.kid == kid]


def read_keys(document: dict[str, Any]) -> KeySet:
    """Read a JWK set (RFC 7517 5); what cannot be used is passed over.

    Raises ValueError when it holds no list of keys.
    """
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise ValueError("no list of keys")  # noqa: TRY004 - the provider's fault
    found = (_read_key(one) for one in listed[:MOST_KEYS] if isinstance(one, dict))
    return KeySet(tuple(key for key in found if key))


def _read_key(jwk: dict[str, Any]) -> Key | None:
    algorithms, kid = _algorithms(jwk), jwk.get("kid")
    if not algorithms or not (kid is None or isinstance(kid, str)):
        return None
    public_parts = {k: v for k, v in jwk.items() if k not in PRIVATE_PARTS}
    try:
        public = jwt.PyJWK(public_parts, min(algorithms)).key
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        return None
    if isinstance(public, RSAPublicKey) and public.key_size < SHORTEST_RSA_BITS:
        return None
    return Key(kid, algorithms, public)


def _algorithms(jwk: dict[str, Any]) -> frozenset[str]:
    """Return what a key may check: by its type, and by what it says itself."""
    kind, curve, says = jwk.get("kty"), jwk.get("crv"), jwk.get("alg")
    able = RSA if kind == "RSA" else frozenset[str]()
    if isinstance(kind, str) and isinstance(curve, str):
        able = CURVES.get((kind, curve), able)
    uses = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(uses, list):
        return frozenset()
    if "verify" not in uses:
        return frozenset()
    if says is None:
        return able
    return able & {says} if isinstance(says, str) else frozenset()
