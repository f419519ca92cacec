"""Literal requests and replies of contract 003, played in order, byte for byte."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tasks.engine import shift

WIRE = Path(__file__).resolve().parents[3] / "wire" / "fetchtozip"
TASK = re.compile(r"task_[0-9a-f]{32}")

pytestmark = pytest.mark.django_db(transaction=True)


class Names:
    """Task ids are random: in the files they are <task 1>, <task 2>, …."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def named(self, text: str) -> str:
        for found in TASK.findall(text):
            if found not in self.ids:
                self.ids.append(found)
        return TASK.sub(lambda one: f"<task {self.ids.index(one[0]) + 1}>", text)

    def filled(self, text: str) -> str:
        return re.sub(r"<task (\d+)>", lambda one: self.ids[int(one[1]) - 1], text)


@pytest.mark.parametrize(
    "file", sorted(WIRE.glob("*.json")), ids=lambda file: file.stem
)
def test_each_request_gets_its_literal_reply(client: Client, file: Path) -> None:
    names = Names()
    for number, exchange in enumerate(json.loads(file.read_text())["exchanges"], 1):
        if "worker" in exchange:
            shift.answer()
            continue
        wanted = exchange["reply"]

        reply = send(client, exchange["request"], names)

        text = names.named(reply.content.decode())
        told = json.dumps(wanted["body"], ensure_ascii=False, separators=(",", ":"))
        assert (reply.status_code, text) == (wanted["status"], told), number
        for name, value in wanted.get("headers", {}).items():
            assert names.named(reply.headers[name]) == value, number


def send(client: Client, request: dict[str, Any], names: Names) -> Any:
    headers = dict(request.get("headers", {}))
    body = request.get("body", "")
    return client.generic(
        request["method"],
        names.filled(request["path"]),
        data=body if isinstance(body, str) else json.dumps(body),
        content_type=headers.pop("Content-Type", ""),
        headers=headers,
    )
