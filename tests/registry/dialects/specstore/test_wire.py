"""Literal requests and replies of contract 001, played in order."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

WIRE = Path(__file__).resolve().parents[3] / "wire" / "specstore"
NAIVE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?")


@pytest.fixture(autouse=True)
def _auth_server(settings: Settings) -> None:
    # Its private half signed the tokens in these files, and was then thrown away.
    settings.AUTH_PUBLIC_KEY = (WIRE / "auth-public-key.pem").read_text()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "file", sorted(WIRE.glob("*.json")), ids=lambda file: file.stem
)
def test_each_request_gets_its_literal_reply(client: Client, file: Path) -> None:
    for number, exchange in enumerate(json.loads(file.read_text())["exchanges"], 1):
        wanted = exchange["reply"]

        reply = send(client, exchange["request"])

        body = json.loads(reply.content, object_pairs_hook=sorted_pairs)
        shown = {"status": reply.status_code, "body": without_times(body)}
        assert shown == {"status": wanted["status"], "body": wanted["body"]}, number
        for name, value in wanted.get("headers", {}).items():
            assert reply.headers[name] == value, number


def send(client: Client, request: dict[str, Any]) -> Any:
    headers = dict(request.get("headers", {}))
    body = request.get("body", "")
    return client.generic(
        request["method"],
        request["path"],
        data=body if isinstance(body, str) else json.dumps(body),
        content_type=headers.pop("Content-Type", ""),
        headers=headers,
    )


def sorted_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert [key for key, _ in pairs] == sorted(key for key, _ in pairs)
    return dict(pairs)


def without_times(value: Any, name: str = "") -> Any:
    """Put `<time>` in the place of each time that the server wrote."""
    if isinstance(value, dict):
        return {key: without_times(inner, key) for key, inner in value.items()}
    if name in {"modified", "update_time", "create_time"}:
        assert NAIVE_TIME.fullmatch(value)
        return "<time>"
    return value
