"""Literal requests and replies of contract 004, played in order, byte for byte."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.collecting import run_jobs
from tests.support.common import Answer, Api
from tests.support.sources import Sources

WIRE = Path(__file__).resolve().parents[3] / "wire" / "common"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
FILES = sorted(WIRE.glob("*.json"))

pytestmark = pytest.mark.django_db(transaction=True)


class Names:
    """Ids and ports are random: in the files they are <task 1>, …, and <files>."""

    def __init__(self, sources: Sources) -> None:
        self.ids: list[str] = []
        self.origin = sources.origin

    def named(self, text: str) -> str:
        for found in UUID.findall(text):
            if found not in self.ids:
                self.ids.append(found)
        told = UUID.sub(lambda one: f"<task {self.ids.index(one[0]) + 1}>", text)
        return told.replace(self.origin, "<files>")

    def filled(self, text: str) -> str:
        told = re.sub(r"<task (\d+)>", lambda one: self.ids[int(one[1]) - 1], text)
        return told.replace("<files>", self.origin)


def test_there_are_exchanges() -> None:
    assert len(FILES) >= 4


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_request_gets_its_literal_reply(
    alice: Api, bob: Api, sources: Sources, file: Path
) -> None:
    names, callers = Names(sources), {"alice": alice, "bob": bob}
    script = json.loads(file.read_text())
    for path, content in script.get("files", {}).items():
        sources.put(path, content.encode())
    for number, exchange in enumerate(script["exchanges"], 1):
        if "worker" in exchange:
            run_jobs()
            continue
        wanted = exchange["reply"]
        caller = callers.get(exchange.get("as", "alice"), Api(alice.client))

        reply = send(caller, exchange["request"], names)

        text = names.named(reply.body.decode())
        assert (reply.status, text) == (wanted["status"], told(wanted["body"])), number
        for name, value in wanted.get("headers", {}).items():
            assert names.named(reply.headers[name]) == value, number


def told(body: Any) -> str:
    """Return a body as it is written: a text as it stands, else compact JSON."""
    if isinstance(body, str):
        return body
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def send(caller: Api, request: dict[str, Any], names: Names) -> Answer:
    body = request.get("body", "")
    text = body if isinstance(body, str) else json.dumps(body)
    return caller.ask(
        request["method"],
        names.filled(request["path"]),
        names.filled(text),
        content_type="application/json" if body else "",
        **request.get("headers", {}),
    )
