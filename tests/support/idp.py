"""A small OpenID Connect provider on loopback, for tests and for development.

`python -m tests.support.idp` runs it until Ctrl-C. It knows everybody it is told of
and asks nobody for a password: it is no provider for production.
"""

import argparse
import base64
import hashlib
import html
import json
import secrets
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import jwt

from tests.support.idp_keys import Pair, pair

AUDIENCE = "entrepot"
LIVES_S = 3600
Form = dict[str, str]


@dataclass
class Registered:
    """A client of the provider."""

    secret: str
    scopes: frozenset[str] = frozenset({"read", "write"})
    opaque: bool = False  # its access tokens say nothing by themselves


@dataclass
class Reply:
    body: Any = None  # an object becomes JSON, bytes are sent as they are
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The request is wrong, in the words of RFC 6749 5.2."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.status = status


class Idp:
    def __init__(
        self, port: int = 0, *, host: str = "127.0.0.1", issuer: str = ""
    ) -> None:
        self.keys: list[Pair] = [pair()]
        self.clients = {
            "backend": Registered("backend-secret"),
            "reader": Registered("reader-secret", frozenset({"read"})),
            "opaque": Registered("opaque-secret", opaque=True),
            "entrepot-web": Registered("web-secret", frozenset()),
        }
        self.users: dict[str, dict[str, Any]] = {
            "ada": {
                "name": "Ada",
                "email": "ada@x.org",
                "groups": ["entrepot-administrators"],
            },
            "otto": {"name": "Otto", "groups": ["entrepot-operators"]},
            "vera": {"name": "Vera", "groups": ["entrepot-staff"]},
            "bob": {"name": "Bob", "email": "bob@x.org", "groups": ["guests"]},
        }
        self.asked: Counter[str] = Counter()  # by path
        self.answers: dict[str, Reply] = {}  # instead of what the path would say
        self.active: dict[str, dict[str, Any]] = {}  # opaque tokens
        self._codes: dict[str, Form] = {}
        self._http = _Http((host, port), _Handler)
        self._http.idp = self
        self.issuer = issuer or f"http://{host}:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join(5)
        self._http.server_close()

    @property
    def key_fetches(self) -> int:
        """Count what was fetched to know the keys: where they are, and they."""
        return self.asked["/.well-known/openid-configuration"] + self.asked["/jwks"]

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return the claims of a good access token, but for the changes."""
        now = int(time())
        good = {
            "iss": self.issuer,
            "sub": "service-1",
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + LIVES_S,
            "scope": "read write",
        }
        claims = {**good, **changes}
        return {name: value for name, value in claims.items() if value is not ...}

    def sign(
        self, claims: dict[str, Any], *, key: Pair | None = None, **header: Any
    ) -> str:
        key = key or self.keys[0]
        headers = {"kid": key.kid, "typ": "at+jwt", **header}
        sent = {name: value for name, value in headers.items() if value is not ...}
        if "typ" not in sent:
            sent["typ"] = None
        return jwt.encode(claims, key.private, key.algorithm, headers=sent)

    def token(self, **changes: Any) -> str:
        """Return a signed access token; a change to `...` leaves the claim out."""
        return self.sign(self.claims(**changes))

    def rotate(self, name: str) -> None:
        self.keys = [pair(name)]

    def answer(self, method: str, path: str, query: Form, sent: "Sent") -> Reply:
        self.asked[path] += 1
        if path in self.answers:
            return self.answers[path]
        doors = {
            ("GET", "/.well-known/openid-configuration"): self._discovery,
            ("GET", "/jwks"): lambda _: Reply({"keys": [key.jwk for key in self.keys]}),
            ("GET", "/authorize"): lambda _: self._authorize(query),
            ("POST", "/token"): self._token,
            ("POST", "/introspect"): self._introspect,
            ("GET", "/userinfo"): self._userinfo,
        }
        door = doors.get((method, path))
        return door(sent) if door else Reply({"error": "not_found"}, 404)

    def _discovery(self, sent: "Sent") -> Reply:
        doors = {
            "jwks_uri": "jwks",
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "introspection_endpoint": "introspect",
            "userinfo_endpoint": "userinfo",
        }
        found = {name: f"{self.issuer}/{door}" for name, door in doors.items()}
        return Reply({"issuer": self.issuer, **found})

    def _authorize(self, query: Form) -> Reply:
        user = query.get("login_hint", "")
        if user not in self.users:
            return Reply(self._who(query), headers={"Content-Type": "text/html"})
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        back = urlencode({"code": code, "state": query.get("state", "")})
        return Reply(None, 302, {"Location": f"{query['redirect_uri']}?{back}"})

    def _who(self, query: Form) -> bytes:
        lines = []
        for user in self.users:
            link = f"/authorize?{urlencode({**query, 'login_hint': user})}"
            lines.append(f'<p><a href="{html.escape(link)}">{html.escape(user)}</a>')
        return f"<!doctype html><title>Who?</title>{''.join(lines)}".encode()

    def _token(self, sent: "Sent") -> Reply:
        name, client = self._client(sent)
        if sent.form.get("grant_type") == "client_credentials":
            wanted = sent.form.get("scope", " ".join(client.scopes)).split()
            scopes = " ".join(sorted(client.scopes.intersection(wanted)))
            claims = self.claims(sub=name, client_id=name, scope=scopes)
            return self._granted(self._access(claims, opaque=client.opaque))
        began = self._codes.pop(sent.form.get("code", ""), None)
        if began is None or began["client_id"] != name:
            raise Refused("invalid_grant")
        proof = hashlib.sha256(sent.form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        if began["redirect_uri"] != sent.form.get("redirect_uri"):
            raise Refused("invalid_grant")
        if began.get("code_challenge", challenge) != challenge:
            raise Refused("invalid_grant")
        user = began["login_hint"]
        access = self._access(self.claims(sub=user, scope="openid"), opaque=True)
        return self._granted(access, id_token=self.id_token(user, name, began))

    def id_token(self, user: str, client: str, began: Form) -> str:
        nonce = {"nonce": began["nonce"]} if "nonce" in began else {}
        claims = self.claims(sub=user, aud=client, scope=..., **nonce)
        return self.sign({**self.users[user], **claims}, typ="JWT")

    def _access(self, claims: dict[str, Any], *, opaque: bool) -> str:
        if not opaque:
            return self.sign(claims)
        text = secrets.token_urlsafe(24)
        self.active[text] = {"active": True, "token_type": "Bearer", **claims}
        return text

    def _granted(self, access: str, **more: str) -> Reply:
        return Reply({"access_token": access, "token_type": "Bearer", **more})

    def _introspect(self, sent: "Sent") -> Reply:
        self._client(sent)
        known = self.active.get(sent.form.get("token", ""))
        return Reply(known or {"active": False})

    def _userinfo(self, sent: "Sent") -> Reply:
        known = self.active.get(sent.authorization.removeprefix("Bearer "))
        if known is None:
            raise Refused("invalid_token", 401)
        return Reply({**self.users[known["sub"]], "sub": known["sub"]})

    def _client(self, sent: "Sent") -> tuple[str, Registered]:
        """Return who sends RFC 6749 2.3.1's client_secret_basic."""
        scheme, _, encoded = sent.authorization.partition(" ")
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
        client = self.clients.get(unquote_plus(name))
        if scheme != "Basic" or client is None or client.secret != unquote_plus(secret):
            raise Refused("invalid_client", 401)
        return unquote_plus(name), client


@dataclass
class Sent:
    form: Form
    authorization: str


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    idp: Idp


class _Handler(BaseHTTPRequestHandler):
    server: _Http

    def do_GET(self) -> None:
        self._reply(b"")

    def do_POST(self) -> None:
        self._reply(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _reply(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        sent = Sent(form, self.headers.get("Authorization", ""))
        query = dict(parse_qsl(parts.query))
        try:
            reply = self.server.idp.answer(self.command, parts.path, query, sent)
        except Refused as refused:
            reply = Reply({"error": str(refused)}, refused.status)
        raw = reply.body
        content = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
        headers = {"Content-Type": "application/json", **reply.headers}
        self.send_response(reply.status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *words: Any) -> None:  # noqa: A002 - its name
        """Say nothing: what is asked is counted."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=9400)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--issuer", default="", help="its URL, as others reach it")
    idp = Idp(**vars(parser.parse_args()))
    settings = {
        "OIDC_ISSUER": idp.issuer,
        "OIDC_AUDIENCE": AUDIENCE,
        "OIDC_CLIENT_ID": "entrepot-web",
        "OIDC_CLIENT_SECRET": "web-secret",
    }
    for name, value in settings.items():
        print(f"export {name}={value}")
    sys.stdout.flush()
    print(
        f"A token: curl -u backend:backend-secret -d grant_type=client_credentials "
        f"{idp.issuer}/token (Ctrl-C stops it)",
        file=sys.stderr,
    )
    with idp:
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
