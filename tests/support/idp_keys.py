"""Key pairs for tests, each made once in a process, and their public halves as JWK."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import get_default_algorithms

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Pair:
    algorithm: str
    private: PrivateKey

    @property
    def jwk(self) -> dict[str, Any]:
        maker: Any = get_default_algorithms()[self.algorithm]
        jwk: dict[str, Any] = maker.to_jwk(self.private.public_key(), as_dict=True)
        jwk.pop("key_ops", None)
        return {**jwk, "kid": self.kid, "use": "sig", "alg": self.algorithm}

    @property
    def kid(self) -> str:
        maker: Any = get_default_algorithms()[self.algorithm]
        jwk = maker.to_jwk(self.private.public_key(), as_dict=True)
        return hashlib.sha256(json.dumps(jwk, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def pem(self) -> bytes:
        """Return the public half as whoever wants to sign with it would have it."""
        public = self.private.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@lru_cache
def pair(name: str = "first", algorithm: str = "RS256", bits: int = 2048) -> Pair:
    """Return the pair of that name, always the same one."""
    if algorithm == "EdDSA":
        return Pair(algorithm, ed25519.Ed25519PrivateKey.generate())
    if algorithm == "ES256":
        return Pair(algorithm, ec.generate_private_key(ec.SECP256R1()))
    if algorithm == "ES384":
        return Pair(algorithm, ec.generate_private_key(ec.SECP384R1()))
    return Pair(algorithm, rsa.generate_private_key(65537, bits))
