"""Tokens of the auth server that are not to be believed, by what is wrong with them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from time import time
from typing import Any

import jwt

from tests.support.specstore import claims_of, private_key, public_key

Forge = Callable[[str], str]
MANY = {"max_dataset_num": 1000}


def genuine(owner: str, **changes: Any) -> str:
    return jwt.encode(_claims(owner, **changes), private_key(), algorithm="RS256")


def _claims(owner: str, **changes: Any) -> dict[str, Any]:
    claims = claims_of(owner, permissions=MANY, **changes)
    return {name: value for name, value in claims.items() if value is not ...}


def _encoded(raw: bytes | str) -> str:
    data = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _written(header: str, claims: str, *, key: str = "auth server") -> str:
    """Sign a header and claims as they are written, whatever that is."""
    text = f"{_encoded(header)}.{_encoded(claims)}"
    algorithm = jwt.PyJWS().get_algorithm_by_name("RS256")
    signature = algorithm.sign(text.encode(), algorithm.prepare_key(private_key(key)))
    return f"{text}.{_encoded(signature)}"


def _header(**changes: Any) -> str:
    return json.dumps({"alg": "RS256", "typ": "JWT", **changes})


def _by_secret(secret: bytes, alg: str = "HS256") -> Forge:
    def forge(owner: str) -> str:
        text = f"{_encoded(_header(alg=alg))}.{_encoded(json.dumps(_claims(owner)))}"
        digest = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}[alg]
        return f"{text}.{_encoded(hmac.new(secret, text.encode(), digest).digest())}"

    return forge


def _unsigned(alg: str, signature: str) -> Forge:
    def forge(owner: str) -> str:
        claims = _encoded(json.dumps(_claims(owner)))
        return f"{_encoded(_header(alg=alg))}.{claims}.{signature}"

    return forge


def _says(**changes: Any) -> Forge:
    return lambda owner: genuine(owner, **changes)


def _by_another(**header: Any) -> Forge:
    def forge(owner: str) -> str:
        claims = json.dumps(_claims(owner))
        return _written(_header(**header), claims, key="forger")

    return forge


def _raw(name: str, written: str) -> Forge:
    def forge(owner: str) -> str:
        claims = json.dumps(_claims(owner, **{name: ...}))
        return _written(_header(), f'{claims[:-1]}, "{name}": {written}}}')

    return forge


def _parts(change: Callable[[list[str]], list[str]]) -> Forge:
    return lambda owner: ".".join(change(genuine(owner).split(".")))


def _as_owner(parts: list[str]) -> list[str]:
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
    return [parts[0], _encoded(json.dumps({**claims, "service": "source"})), parts[2]]


PEM = public_key().encode()
JWTS: dict[str, Forge] = {
    **{
        f"alg {alg!r}, signature {signature!r}": _unsigned(alg, signature)
        for alg in ("none", "None", "NONE", "nOnE", "")
        for signature in ("", "c2lnbmF0dXJl")
    },
    "HS256 with the public key": _by_secret(PEM),
    "HS256 with the public key, stripped": _by_secret(PEM.strip()),
    "HS512 with the public key": _by_secret(PEM, "HS512"),
    "HS256 with an empty secret": _by_secret(b""),
    "HS256 with a usual secret": _by_secret(b"secret"),
    "another's key": _by_another(),
    "another's key, under a kid": _by_another(kid="../../auth.pub"),
    "another's key, with its jku": _by_another(jku="http://127.0.0.1/jwks"),
    "another's key, with its x5u": _by_another(x5u="http://127.0.0.1/cert"),
    "another's key, with crit": _by_another(crit=["exp"]),
    "RS512 for RS256": lambda owner: jwt.encode(
        _claims(owner), private_key(), algorithm="RS512"
    ),
    "PS256 for RS256": lambda owner: jwt.encode(
        _claims(owner), private_key(), algorithm="PS256"
    ),
    "expired": _says(exp=1),
    "expired just now": lambda owner: genuine(owner, exp=int(time()) - 5),
    "exp is no number": _raw("exp", '"never"'),
    "exp is past all floats": _raw("exp", "1e999"),
    "exp is longer than Python reads": _raw("exp", "9" * 5000),
    "exp is NaN": _raw("exp", "NaN"),
    "not valid yet": lambda owner: genuine(owner, nbf=int(time()) + 3600),
    "for another service": _says(service="rawstore"),
    "for a service that is a list": _says(service=["source"]),
    "of nobody": _says(userid=...),
    "of an empty name": _says(userid=""),
    "of a list": lambda owner: genuine(owner, userid=[owner]),
    "of an object": lambda owner: genuine(owner, userid={owner: True}),
    "of true": _says(userid=True),
    "of a number": _says(userid=0),
    "of the owner in capitals": lambda owner: genuine(owner, userid=owner.upper()),
    "of the owner and a NUL": lambda owner: genuine(owner, userid=f"{owner}\0"),
    "of the owner and a blank": lambda owner: genuine(owner, userid=f"{owner} "),
    "of the owner and a path": lambda owner: genuine(owner, userid=f"{owner}/d"),
    "of a look-alike": lambda owner: genuine(owner, userid=f"\u0430{owner[1:]}"),
    "of half a surrogate": _raw("userid", '"\\ud800"'),
    "claims that are a list": lambda owner: _written(_header(), "[1]"),
    "claims that are null": lambda owner: _written(_header(), "null"),
    "claims that are deep": lambda owner: _written(_header(), "[" * 9000),
    "claims that are no JSON": lambda owner: _written(_header(), "userid=alice"),
    "a header that is a list": lambda owner: _written(
        "[1]", json.dumps(_claims(owner))
    ),
    "a header that is deep": lambda owner: _written("[" * 9000, "{}"),
    "an algorithm that is a list": lambda owner: _written(
        _header(alg=["RS256"]), json.dumps(_claims(owner))
    ),
    "no signature": _parts(lambda parts: parts[:2]),
    "an empty signature": _parts(lambda parts: [*parts[:2], ""]),
    "half a signature": _parts(lambda parts: [*parts[:2], parts[2][:100]]),
    "a part too many": _parts(lambda parts: [*parts, parts[2]]),
    "other claims under a good signature": lambda owner: ".".join(
        _as_owner(genuine(owner, service="rawstore").split("."))
    ),
    "nothing but dots": lambda owner: "..",
    "huge": lambda owner: genuine(owner, padding="x" * 20_000),
    "null": lambda owner: "null",
    "two tokens": lambda owner: f"{genuine(owner)},{genuine(owner)}",
}
