"""Literal requests and replies of contract 000, played in order, byte for byte."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests

from exports.models import Delivery
from tasks.states import JobState
from tests.support.databox import answered, token
from tests.support.polling import until
from tests.support.sources import Sources
from tests.support.web import Web

WIRE = Path(__file__).resolve().parents[3] / "wire" / "databox"
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")

pytestmark = pytest.mark.live


class Script:
    """Fills what a file cannot know; ids are random, there <id 1>, <id 2>, …."""

    def __init__(self, destination: Sources, *, path: str) -> None:
        self.ids: list[str] = []
        self.origin = destination.origin
        self.path = path

    def filled(self, text: str) -> str:
        text = text.replace("<destination>", self.origin)
        return re.sub(r"<id (\d+)>", lambda one: self.ids[int(one[1]) - 1], text)

    def learn(self, told: str, wanted: str) -> None:
        """Take over the id of a new request."""
        new = f"<id {len(self.ids) + 1}>"
        if new in wanted and (found := ID.search(told)):
            self.ids.append(found[0])

    def key(self, name: str) -> str:
        keys = {
            "<token>": token(self.path),
            "<token of bob>": token(self.path, identifier="bob"),
            "<token /export>": token("/export"),
            "<token for /echo>": token(self.path, destination=f"{self.origin}/echo"),
            "<forged>": token(self.path, secret="guessed"),
        }
        return keys.get(name, name)


@pytest.mark.parametrize(
    "file", sorted(WIRE.glob("*.json")), ids=lambda file: file.stem
)
def test_each_request_gets_its_literal_reply(
    service: Web, destination: Sources, file: Path
) -> None:
    script = Script(destination, path="/export")
    for number, exchange in enumerate(json.loads(file.read_text())["exchanges"], 1):
        if "request" not in exchange:
            wait(exchange, script)
            continue
        wanted = exchange["reply"]

        reply = send(service, exchange["request"], script)

        script.learn(reply.text, wanted["body"])
        told = (reply.status_code, reply.content.decode())
        assert told == (wanted["status"], script.filled(wanted["body"])), number
        for name, value in wanted["headers"].items():
            assert reply.headers[name] == value, number


def send(service: Web, request: dict[str, Any], script: Script) -> requests.Response:
    script.path = request["path"].partition("?")[0]
    return requests.request(
        request["method"],
        f"{service.address}{request['path']}",
        data=script.filled(request["body"]).encode(),
        headers={name: script.key(value) for name, value in request["headers"].items()},
        timeout=30,
    )


def wait(exchange: dict[str, str], script: Script) -> None:
    if "answered" in exchange:
        answered(script.filled(exchange["answered"]))
        return
    running = Delivery.objects.filter(
        pk=script.filled(exchange["processing"]), job__state=JobState.INPROGRESS
    )
    until(running.exists, within_s=10, what="its turn has come")
