"""The export page in tests: what its script sends, and what it is told."""

import json
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

PAGE = "/export/new"


@dataclass(frozen=True)
class Told:
    status: int
    json: Any

    @property
    def wrong(self) -> list[tuple[str, str]]:
        """Name the fields that something is wrong with, and what it is."""
        return [(one["field"], one["message"]) for one in self.json["errors"]]


def sends(
    client: Client, method: str, path: str, body: Any = b"", **extra: Any
) -> Told:
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    reply = client.generic(
        method, f"{PAGE}{path}", data, content_type="application/json", **extra
    )
    return Told(reply.status_code, json.loads(reply.content))


def wanted(url: str, *inputs: dict[str, Any], **configuration: Any) -> dict[str, Any]:
    whole = {"file_type": "csv", "source_url": url, "paging": "none"}
    return {"inputs": list(inputs), "configuration": {**whole, **configuration}}


def starts(client: Client, url: str, *inputs: dict[str, Any], **changes: Any) -> str:
    told = sends(client, "POST", "/start", wanted(url, *inputs, **changes))
    assert told.status == 201, told.json
    return str(told.json["id"])


def file_of(client: Client, task_id: str) -> tuple[bytes, str]:
    """Return an export's file, and the name it is given."""
    with closing(client.get(f"{PAGE}/{task_id}/file")) as reply:
        assert reply.status_code == 200, reply.content
        return reply.getvalue(), reply.headers["Content-Disposition"]


def signed_in(name: str = "ada", *, is_staff: bool = True) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(name, is_staff=is_staff))
    return client
