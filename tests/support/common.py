"""The common API's callers in tests: an issuer, its tokens, and what comes back."""

import json
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from django.utils import timezone

from tasks.archive.stored import store
from tasks.models import Artifact, Identity, Page, Phase, ResultType, Task
from tasks.models import Client as Caller
from tasks.services import client_of
from tests.support.sources import Sources

AUDIENCE = "entrepot"
NOBODYS = "00000000-0000-4000-8000-000000000000"
TASK = "/api/v1/task"
ASSETS = "/api/v1/assets"
START = "/api/v1/task/start"
RESULT = "/api/v1/result"


@cache
def signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


class Issuer(Sources):
    """A provider on loopback that has nothing but its metadata and its key."""

    def __enter__(self) -> Self:
        super().__enter__()
        public = jwt.algorithms.OKPAlgorithm.to_jwk(
            signing_key().public_key(), as_dict=True
        )
        keys = [{**public, "kid": "one", "use": "sig", "alg": "EdDSA"}]
        doors = {"issuer": self.origin, "jwks_uri": self.url("/keys")}
        self._says("/keys", {"keys": keys})
        self._says("/.well-known/openid-configuration", doors)
        return self

    def token(self, name: str = "alice", scope: str = "read write") -> str:
        now = int(time.time())
        claims = {"iss": self.origin, "aud": AUDIENCE, "sub": name, "scope": scope}
        return jwt.encode(
            {**claims, "iat": now, "exp": now + 300},
            signing_key(),
            algorithm="EdDSA",
            headers={"kid": "one", "typ": "at+jwt"},
        )

    def client(self, name: str = "alice") -> Caller:
        """Return the client behind such a token."""
        return client_of(Identity.Scheme.OIDC, self._identity(name))

    def _identity(self, name: str) -> str:
        return f"{self.origin} {name}"

    def _says(self, path: str, body: Any) -> None:
        self.put(path, json.dumps(body).encode(), "Content-Type: application/json")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        """Return what a good envelope holds."""
        told = self.json
        assert (self.status, told["success"]) == (200, True), self.body
        return told["data"]

    @property
    def refusal(self) -> str:
        """Return why an envelope is none of success."""
        assert self.headers["Content-Type"] == "application/json"
        told = self.json
        assert list(told) == ["success", "message", "data"]
        assert (told["success"], told["data"]) == (False, None)
        assert self.status >= 400
        message: str = told["message"]
        return message


@dataclass(frozen=True)
class Api:
    """A caller with a token, or without one."""

    client: Client
    token: str = ""

    def ask(
        self,
        method: str,
        path: str,
        body: Any = b"",
        *,
        content_type: str = "application/json",
        **headers: str,
    ) -> Answer:
        """Send a request; `_` in a header's name stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            named.setdefault("Authorization", f"Bearer {self.token}")
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        reply = self.client.generic(
            method, path, data=data, content_type=content_type, headers=named
        )
        if not getattr(reply, "streaming", False):
            return Answer(reply.status_code, reply.headers, reply.content)
        with closing(reply):
            return Answer(reply.status_code, reply.headers, reply.getvalue())

    def create(self, **body: str) -> str:
        """Make a task and return its id."""
        reply = self.ask("POST", TASK, body or b"")
        return str(reply.data["task_id"])

    def announce(self, task_id: str, *assets: Any, **more: Any) -> Answer:
        return self.ask("POST", ASSETS, {"task_id": task_id, "data": assets, **more})

    def status(self, task_id: str) -> Any:
        return self.ask("GET", f"{TASK}?id={task_id}").data


def an_asset(name: str = "a.txt", url: str = "http://files.test/a.txt") -> Any:
    return {"file_name": name, "attributes": {}, "download_url": url}


def task_of(task_id: str) -> Task:
    return Task.objects.get(pk=task_id)


def an_artifact(content: bytes, name: str, media_type: str) -> Artifact:
    with store().writer(fence="test") as writer:
        writer.write(content)
        stored = writer.commit()
    return Artifact.objects.create(
        digest=stored.digest,
        size_bytes=len(content),
        name=name,
        media_type=media_type,
    )


def put_phase(task_id: str, phase: Phase, **fields: Any) -> Task:
    """Have a task in a phase, as if the workers had brought it there."""
    at = timezone.now()
    task = task_of(task_id)
    task.phase = phase
    task.waiting_since = at if phase == Phase.WAITING else None
    over = phase in {Phase.COMPLETED, Phase.FAILED, Phase.CANCELLED}
    task.completed_at = at if over else None
    for name, value in fields.items():
        setattr(task, name, value)
    task.save()
    return task


def put_result(
    task_id: str, content: bytes, name: str, *, type_: ResultType, media_type: str
) -> Task:
    artifact = an_artifact(content, name, media_type)
    return put_phase(task_id, Phase.COMPLETED, result=artifact, result_type=type_)


def put_website(task_id: str, pages: Mapping[str, bytes]) -> Task:
    task = put_result(
        task_id,
        pages["index.html"],
        "index.html",
        type_=ResultType.WEBSITE,
        media_type="text/html; charset=utf-8",
    )
    for path, content in pages.items():
        if path != "index.html":
            name = path.rpartition("/")[2]
            artifact = an_artifact(content, name, "application/octet-stream")
            Page.objects.create(task=task, path=path, artifact=artifact)
    return task
