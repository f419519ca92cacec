"""Tokens that are not to be believed, each with what is wrong about it for a name."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from time import time
from typing import Any

import jwt

from tests.support.idp import AUDIENCE, Idp
from tests.support.idp_keys import Pair, pair

Forge = Callable[[Idp], str]
FORGERIES: dict[str, Forge] = {}


def encoded(raw: bytes | str) -> str:
    data = raw.encode() if isinstance(raw, str) else raw
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_text(header: str, payload: str, key: Pair) -> str:
    """Sign a header and claims as they are written, whatever that is."""
    signing_input = f"{encoded(header)}.{encoded(payload)}"
    algorithm = jwt.PyJWS().get_algorithm_by_name(key.algorithm)
    signature = algorithm.sign(signing_input.encode(), key.private)
    return f"{signing_input}.{encoded(signature)}"


def _header(**changes: Any) -> str:
    return json.dumps({"alg": "RS256", "typ": "at+jwt", "kid": pair().kid, **changes})


def _shared_secret(idp: Idp, secret: bytes, **header: Any) -> str:
    head = _header(alg="HS256", **header)
    text = f"{encoded(head)}.{encoded(json.dumps(idp.claims()))}"
    mac = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{encoded(mac)}"


def _raw_claims(idp: Idp, written: str) -> str:
    """Sign good claims, to which a piece of JSON is added as it is written."""
    good = json.dumps(idp.claims())
    return signed_text(_header(), f"{good[:-1]}, {written}}}", pair())


def _raw_claim(name: str, written: str) -> Forge:
    def forge(idp: Idp) -> str:
        claims = json.dumps(idp.claims(**{name: ...}))
        text = f'{claims[:-1]}, "{name}": {written}}}'
        return signed_text(_header(), text, pair())

    return forge


def _claims(**changes: Any) -> Forge:
    return lambda idp: idp.sign(idp.claims(**changes), typ="JWT")


def _with_header(**changes: Any) -> Forge:
    return lambda idp: idp.sign(idp.claims(), **changes)


def _by_forger(**changes: Any) -> Forge:
    def forge(idp: Idp) -> str:
        return idp.sign(idp.claims(), key=pair("forger"), **changes)

    return forge


def _cut(start: int, end: int | None) -> Forge:
    return lambda idp: idp.token()[start:end]


def _in_parts(change: Callable[[list[str]], list[str]]) -> Forge:
    return lambda idp: ".".join(change(idp.token().split(".")))


def _none(alg: str, signature: str = "") -> Forge:
    def forge(idp: Idp) -> str:
        claims = json.dumps(idp.claims())
        return f"{encoded(_header(alg=alg))}.{encoded(claims)}.{signature}"

    return forge


def _named(kid: Any) -> Forge:
    """Sign by the forger's key under a name that may be no text."""

    def forge(idp: Idp) -> str:
        claims = json.dumps(idp.claims())
        return signed_text(_header(kid=kid), claims, pair("forger"))

    return forge


def _id_token(*names: str, typ: str = "JWT") -> Forge:
    """Make an ID token for this service's own name, without what `names` lists."""

    def forge(idp: Idp) -> str:
        own = {"nonce": "n", "at_hash": "h", "azp": AUDIENCE, "email": "ada@x.org"}
        kept = {k: v for k, v in own.items() if k not in names}
        scope = idp.claims()["scope"] if "no-scope" not in names else ...
        return idp.sign(idp.claims(sub="ada", scope=scope, **kept), typ=typ)

    return forge


def genuine(idp: Idp) -> str:
    """Make a good token in the way the forgeries are made that are written by hand."""
    return _raw_claim("exp", "4000000000")(idp)


def _of(name: str) -> Callable[[Forge], None]:
    def keep(forge: Forge) -> None:
        assert name not in FORGERIES
        FORGERIES[name] = forge

    return keep


def _flipped(parts: list[str]) -> list[str]:
    last = parts[2]
    return [*parts[:2], ("A" if last[0] != "A" else "B") + last[1:]]


def _other_claims(parts: list[str]) -> list[str]:
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
    return [parts[0], encoded(json.dumps({**claims, "sub": "root"})), parts[2]]


# Algorithms
for _alg in ("none", "None", "NONE", "nOnE", ""):
    _of(f"alg {_alg!r}, no signature")(_none(_alg))
    _of(f"alg {_alg!r}, some signature")(_none(_alg, "c2lnbmF0dXJl"))
_of("HS256 with the public key's PEM")(lambda idp: _shared_secret(idp, pair().pem))
_of("HS256 with the public key's JWK")(
    lambda idp: _shared_secret(idp, json.dumps(pair().jwk).encode())
)
_of("HS256 with an empty secret")(lambda idp: _shared_secret(idp, b""))
_of("HS256 with the client's secret")(lambda idp: _shared_secret(idp, b"web-secret"))
_of("HS256 with a kid of /dev/null")(
    lambda idp: _shared_secret(idp, b"", kid="../../../../dev/null")
)
_of("another algorithm than the key is for")(
    lambda idp: idp.sign(
        idp.claims(), key=Pair("RS512", pair().private), kid=pair().kid
    )
)
_of("an elliptic signature under an RSA key's name")(
    lambda idp: idp.sign(idp.claims(), key=pair("ec", "ES256"), kid=pair().kid)
)
_of("an algorithm that is no text")(
    lambda idp: signed_text(_header(alg=["RS256"]), json.dumps(idp.claims()), pair())
)
_of("no algorithm")(
    lambda idp: signed_text('{"typ": "at+jwt"}', json.dumps(idp.claims()), pair())
)

# Keys
_of("another's key, its own name")(_by_forger())
_of("another's key under the good name")(_by_forger(kid=pair().kid))
_of("another's key under no name")(_by_forger(kid=...))
_of("a good signature under an unknown name")(_with_header(kid="nobody"))
for _kid in ("../jwks", "/etc/passwd", "' OR 1=1 --", "http://127.0.0.1/k", "\x00", ""):
    _of(f"kid {_kid!r}")(_by_forger(kid=_kid))
_of("a kid without end")(_by_forger(kid="k" * 2000))
for _value in (7, None, ["a"], {"a": 1}, True):
    _of(f"kid {_value!r}")(_named(_value))
_of("jwk: the forger's key in the header")(
    _by_forger(kid=pair().kid, jwk=pair("forger").jwk)
)
_of("jwk, and its name")(_by_forger(jwk=pair("forger").jwk))
_of("jku: where the forger's keys are")(
    lambda idp: idp.sign(
        idp.claims(), key=pair("forger"), jku=f"{idp.issuer}/forged/jwks"
    )
)
_of("x5u: where the forger's certificate is")(
    lambda idp: idp.sign(
        idp.claims(), key=pair("forger"), x5u=f"{idp.issuer}/forged/cert"
    )
)
_of("x5c: the forger's certificate")(_by_forger(x5c=["MIIB"]))

# Headers
_of("crit: an extension")(_with_header(crit=["exp"]))
_of("crit: nothing")(
    lambda idp: signed_text(_header(crit=[]), json.dumps(idp.claims()), pair())
)
_of("crit: b64")(
    lambda idp: signed_text(
        _header(crit=["b64"], b64=False), json.dumps(idp.claims()), pair()
    )
)
_of("crit: b64, as it always is")(
    lambda idp: signed_text(
        _header(crit=["b64"], b64=True), json.dumps(idp.claims()), pair()
    )
)
for _typ in ("logout+jwt", "secevent+jwt", "dpop+jwt", "id+jwt", "JWE", "at+jwt;x"):
    _of(f"typ {_typ}")(_with_header(typ=_typ))
_of("typ is no text")(
    lambda idp: signed_text(_header(typ=1), json.dumps(idp.claims()), pair())
)
_of("cty: a token inside a token")(_with_header(cty="JWT"))
_of("alg given twice")(
    lambda idp: signed_text(
        f'{{"alg": "none", "kid": "{pair().kid}", "alg": "RS256"}}',
        json.dumps(idp.claims()),
        pair(),
    )
)
_of("a header that is a list")(
    lambda idp: signed_text("[1]", json.dumps(idp.claims()), pair())
)
_of("a header that is deep")(
    lambda idp: signed_text("[" * 5000, json.dumps(idp.claims()), pair())
)
_of("a header that is no UTF-8")(
    lambda idp: f"{encoded(bytes([123, 255, 254]))}.{encoded('{}')}.c2ln"
)

# Claims
_of("another issuer")(_claims(iss="https://idp.example"))
_of("the issuer with a slash")(lambda idp: idp.token(iss=f"{idp.issuer}/"))
_of("the issuer in capitals")(lambda idp: idp.token(iss=idp.issuer.upper()))
_of("a list of issuers")(lambda idp: _raw_claim("iss", json.dumps([idp.issuer]))(idp))
_of("no issuer")(_claims(iss=...))
_of("another audience")(_claims(aud="other"))
_of("an audience that begins alike")(_claims(aud=f"{AUDIENCE}-test"))
_of("an audience among others in one text")(_claims(aud=f"other {AUDIENCE}"))
_of("audiences, none of them this")(_claims(aud=["a", "b"]))
_of("audiences nested")(_claims(aud=[[AUDIENCE]]))
_of("the audience as a name")(_claims(aud={AUDIENCE: True}))
_of("no audience")(_claims(aud=...))
_of("expired")(lambda idp: idp.token(exp=int(time()) - 60))
_of("expired long ago")(_claims(exp=1))
_of("expires now and then")(_claims(exp=None))
_of("never expires")(_claims(exp=...))
_of("exp is a text")(_claims(exp="4000000000"))
_of("exp is true")(_claims(exp=True))
_of("exp is a list")(_claims(exp=[4000000000]))
_of("exp is negative")(_claims(exp=-1))
_of("exp is past all time")(_claims(exp=10**15))
_of("exp is past all floats")(_raw_claim("exp", "1" + "0" * 400))
_of("exp is longer than Python reads")(_raw_claim("exp", "1" * 5000))
_of("exp is infinite by size")(_raw_claim("exp", "1e999"))
_of("exp is Infinity")(_raw_claim("exp", "Infinity"))
_of("exp is NaN")(_raw_claim("exp", "NaN"))
_of("exp is a small float")(_claims(exp=0.5))
_of("not valid yet")(lambda idp: idp.token(nbf=int(time()) + 3600))
_of("nbf is a text")(_claims(nbf="1"))
_of("nbf is true")(_claims(nbf=True))
_of("issued in the future")(lambda idp: idp.token(iat=int(time()) + 3600))
_of("iat is no number")(_claims(iat={}))
_of("names nobody")(_claims(sub=...))
_of("an empty subject")(_claims(sub=""))
_of("a subject that is a number")(_claims(sub=7))
_of("a subject that is null")(_claims(sub=None, client_id="backend"))
_of("a subject with a NUL")(_claims(sub="ada\x00"))
_of("a subject with a line break")(_claims(sub="ada\nbob"))
_of("a subject with half a surrogate")(_raw_claim("sub", '"\\ud800"'))
_of("a subject too long")(_claims(sub="a" * 256))
_of("a subject turned round")(_claims(sub="\u202eada"))
_of("no scopes")(_claims(scope=...))
_of("scopes that are a number")(_claims(scope=7))
_of("scopes that are no texts")(_claims(scope=["read", 7]))
_of("scopes that are null")(_claims(scope=None))
_of("a claim given twice")(lambda idp: _raw_claims(idp, '"sub": "root"'))
_of("a nested claim given twice")(lambda idp: _raw_claims(idp, '"x": {"a":1,"a":2}'))
_of("a number without end")(lambda idp: _raw_claims(idp, '"x": 1e999'))
_of("a number that is none")(lambda idp: _raw_claims(idp, '"x": NaN'))
_of("bound to a key (DPoP)")(_claims(cnf={"jkt": "abc"}))
_of("claims that are a list")(lambda idp: signed_text(_header(), "[1]", pair()))
_of("claims that are no JSON")(lambda idp: signed_text(_header(), "sub=ada", pair()))
_of("claims that are deep")(lambda idp: signed_text(_header(), "[" * 9000, pair()))
_of("no claims")(lambda idp: signed_text(_header(), "{}", pair()))

# Other tokens
_of("an ID token")(_id_token("no-scope"))
_of("an ID token with scopes")(_id_token())
_of("an ID token with a nonce alone")(_id_token("at_hash"))
_of("an ID token with at_hash alone")(_id_token("nonce"))
_of("an ID token of the plainest kind")(_id_token("no-scope", "nonce", "at_hash"))
_of("an ID token without a typ")(_id_token(typ=""))
_of("Keycloak's ID token")(_claims(typ="ID", scope="read write"))
_of("Keycloak's refresh token")(_claims(typ="Refresh"))
_of("a token whose kind is no text")(_claims(typ=1))

# Texts
_of("truncated: no signature")(lambda idp: idp.token().rpartition(".")[0])
_of("truncated: an empty signature")(lambda idp: idp.token().rpartition(".")[0] + ".")
_of("truncated: half of it")(_cut(0, 200))
_of("truncated: all but the last")(_cut(0, -3))
_of("truncated: the first letter is gone")(_cut(1, None))
_of("another's signature")(_in_parts(_flipped))
_of("other claims under a good signature")(_in_parts(_other_claims))
_of("a part too many")(_in_parts(lambda parts: [*parts, parts[2]]))
_of("parts in another order")(_in_parts(lambda parts: [parts[1], parts[0], parts[2]]))
_of("nothing but dots")(lambda idp: "..")
_of("an encrypted token (JWE)")(
    lambda idp: ".".join(
        [encoded('{"alg":"dir","enc":"A128GCM"}'), "", "aa", "bb", "c"]
    )
)
_of("a token in a token")(
    lambda idp: signed_text(_header(cty="JWT"), json.dumps(idp.token()), pair())
)
_of("huge")(lambda idp: idp.token(padding="x" * 100_000))
_of("huge and without sense")(lambda idp: "A" * 1_000_000)
_of("with a letter of another alphabet")(lambda idp: idp.token() + "é")
_of("with a NUL")(lambda idp: idp.token() + "\x00")
_of("with a space")(lambda idp: idp.token().replace(".", " .", 1))
_of("with padding inside")(_in_parts(lambda parts: [parts[0] + "==", *parts[1:]]))
_of("two tokens")(lambda idp: f"{idp.token()}, {idp.token()}")
_of("a text that is no token")(lambda idp: "let-me-in")
_of("null")(lambda idp: "null")
