"""The spec store's clients in tests: their specs, tokens and requests."""

import json
from collections.abc import Mapping
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.test import Client

from registry.models import Dataset, Output, Pipeline, Revision
from tasks.engine import clock, shift
from tasks.models import Artifact, Identity, Job
from tasks.models import Client as Owner
from tasks.states import OPEN, JobState

Json = dict[str, Any]
ROWS = (Dataset, Revision, Pipeline, Output, Artifact, Job, Owner, Identity)
MOST_SHIFTS = 100


def private_key(name: str = "auth server") -> str:
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return _key(name).private_bytes(*form).decode()


def public_key(name: str = "auth server") -> str:
    form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return _key(name).public_key().public_bytes(*form).decode()


@cache
def _key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def claims_of(owner: str, **changes: Any) -> Json:
    whole = {
        "userid": owner,
        "permissions": {"max_dataset_num": 2},
        "service": "source",
    }
    return whole | changes


def token_of(owner: str, *, key: str = "auth server", **changes: Any) -> str:
    claims = claims_of(owner, **changes)
    return jwt.encode(claims, private_key(key), algorithm="RS256")


def spec_of(
    *resources: Json, owner: str = "me", dataset: str = "id", **changes: Any
) -> Json:
    """Write a spec whose resources are the given ones, each with its URL as path."""
    spec: Json = {
        "meta": {
            "owner": owner,
            "ownerid": owner,
            "dataset": dataset,
            "version": 1,
            "findability": "published",
        },
        "inputs": [
            {
                "kind": "datapackage",
                "url": "http://example.com/datapackage.json",
                "parameters": {
                    "resource-mapping": {},
                    "descriptor": {"name": dataset, "resources": list(resources)},
                },
            }
        ],
    }
    return deepcopy(spec | changes)


def table(name: str, url: str, *fields: str, **changes: Any) -> Json:
    """Write a resource with a schema; fields are `name:type`."""
    pairs = [field.partition(":") for field in fields]
    schema = {"fields": [{"name": n, "type": t or "string"} for n, _, t in pairs]}
    return {"name": name, "path": url, "schema": schema} | changes


def post(
    client: Client, body: object, *, token: str | None = None, owner: str = "me"
) -> Any:
    """Upload as datahub-client does; return the reply's JSON."""
    reply = client.post(
        "/source/upload",
        data=body if isinstance(body, str | bytes) else json.dumps(body),
        content_type="application/json",
        headers={"Auth-Token": token_of(owner) if token is None else token},
    )
    assert reply.status_code == 200, reply.content
    return reply.json()


def uploaded(client: Client, spec: Json) -> str:
    """Upload a spec that must be accepted; return its flow id."""
    reply = post(client, spec, owner=spec["meta"]["ownerid"])
    assert reply["errors"] == []
    return str(reply["flow_id"])


def row_counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in ROWS}


def run_jobs(*, may_break: bool = False) -> None:
    """Run all jobs to their end in this process, without waiting between tries."""
    for _ in range(MOST_SHIFTS):
        shift.answer()
        waiting = Job.objects.filter(state=JobState.QUEUED)
        if not waiting.update(due_at=clock.now()):
            break
    assert not Job.objects.filter(state__in=OPEN).exists()
    if not may_break:
        ours = Job.objects.filter(error_code__in=("internal_error", "database"))
        assert list(ours.values_list("error_code", "error")) == []


def run_to_end(client: Client, spec: Json) -> Json:
    """Upload a spec, run its pipelines, and return the revision as it ended."""
    flow_id = uploaded(client, spec)
    run_jobs()
    return revision_of(client, flow_id)


def revision_of(client: Client, flow_id: str) -> Json:
    reply = client.get(f"/source/{flow_id}")
    assert reply.status_code == 200
    whole: Json = reply.json()
    return whole


def states_of(revision: Json) -> dict[str, str]:
    """Return each reported pipeline's status, by what follows the flow id."""
    prefix = revision["id"]
    return {
        id_.removeprefix(prefix).lstrip("/"): pipeline["status"]
        for id_, pipeline in revision["pipelines"].items()
    }


def file_of(client: Client, flow_id: str, path: str) -> bytes:
    reply = get(client, f"/datasets/{flow_id}/{path}")
    assert reply.status == 200, (path, reply.status)
    return reply.body


@dataclass(frozen=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def get(client: Client, url: str, method: str = "GET", **headers: str) -> Got:
    """Ask for a file and read it to its end; `_` in a header's name stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(client.generic(method, url, headers=named)) as reply:
        streamed = getattr(reply, "streaming", False)
        body = reply.getvalue() if streamed else reply.content
        return Got(reply.status_code, reply.headers, body)
