"""Literal requests and replies of contract 002, played in order."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.utils import timezone

from exports.models import ShareQuery
from tasks import services
from tasks.engine import clock
from tasks.models import Job
from tasks.states import JobState
from tests.support.polling import until
from tests.support.sharing import NOBODYS, a_key, a_share
from tests.support.web import Web

WIRE = Path(__file__).resolve().parents[3] / "wire" / "sharing"
SHAPES = {
    "job": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
    "token": r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+",
    "time": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}Z",
    "text": r"[^\"]+",
}
UNKNOWN = re.compile(r"<(job|token|time|text)( \d+)?>")
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.live


class Script:
    """Fills what a file cannot know, and learns what the service makes up."""

    def __init__(self) -> None:
        readers = ("alice", "carol")
        self.share = a_share(readers=readers)
        told = a_share(readers=readers, notification=True)
        self.known = {
            "<share>": str(self.share.pk),
            "<notification>": str(told.pk),
            "<nobody's>": NOBODYS,
            "<key>": a_key("alice"),
            "<key of bob>": a_key("bob"),
            "<key of carol>": a_key("carol"),
            "<append key>": a_key("owner", "append"),
        }

    def filled(self, text: str) -> str:
        for name, value in self.known.items():
            text = text.replace(name, value)
        return text

    def agrees(self, told: str, wanted: str) -> bool:
        """Compare; what is met for the first time is learned."""
        names = [one[0] for one in UNKNOWN.finditer(self.filled(wanted))]
        pieces = re.split(UNKNOWN.pattern, self.filled(wanted))
        pattern = "".join(
            re.escape(piece)
            if n % 3 == 0
            else f"({SHAPES[piece]})"
            if n % 3 == 1
            else ""
            for n, piece in enumerate(pieces)
        )
        found = re.fullmatch(pattern, told)
        if found is None:
            return False
        pairs = zip(names, found.groups(), strict=True)
        self.known |= {name: text for name, text in pairs if name[-2].isdigit()}
        return True


@pytest.mark.parametrize(
    "file", sorted(WIRE.glob("*.json")), ids=lambda file: file.stem
)
def test_each_request_gets_its_literal_reply(service: Web, file: Path) -> None:
    script = Script()
    for number, exchange in enumerate(json.loads(file.read_text())["exchanges"], 1):
        if "request" not in exchange:
            for deed, what in exchange.items():
                DEEDS[deed](script.filled(what))
            continue
        wanted = exchange["reply"]

        reply = send(service, exchange["request"], script)

        assert reply.status_code == wanted["status"], (number, reply.text)
        assert script.agrees(reply.text, wanted["body"]), (number, reply.text)
        for name, value in wanted["headers"].items():
            told = reply.headers.get(name)
            same = told is None if value is None else script.agrees(told or "", value)
            assert same, (number, name, told)


def send(service: Web, request: dict[str, Any], script: Script) -> requests.Response:
    headers = {name: script.filled(text) for name, text in request["headers"].items()}
    return requests.request(
        request["method"],
        f"{service.address}{script.filled(request['path'])}",
        data=request.get("body", "").encode() or None,
        # Without this the library asks for gzip by itself.
        headers={"Accept-Encoding": "identity", **headers},
        allow_redirects=False,
        timeout=30,
    )


def finished(query_id: str) -> None:
    found = ShareQuery.objects.filter(pk=query_id, finished_at__isnull=False)
    until(found.exists, within_s=20, what="the query is finished")


def kept_for(ago: timedelta) -> Callable[[str], None]:
    def put(query_id: str) -> None:
        at = timezone.now() - ago
        ShareQuery.objects.filter(pk=query_id).update(finished_at=at)

    return put


def waits(query_id: str) -> None:
    """Put it back behind the engine's back, to where no worker looks for an hour."""
    finished(query_id)
    job = Job.objects.filter(share_query__pk=query_id)
    until(job.filter(state=JobState.SUCCEEDED).exists, within_s=5, what="it ended")
    job.update(state=JobState.QUEUED, due_at=clock.now() + HOUR, finished_at=None)
    ShareQuery.objects.filter(pk=query_id).update(finished_at=None, answer=None)


def cancelled(query_id: str) -> None:
    services.cancel(Job.objects.get(share_query__pk=query_id))


DEEDS: dict[str, Callable[[str], None]] = {
    "finished": finished,
    "waits": waits,
    "expired": kept_for(0.5 * HOUR),
    "forgotten": kept_for(2 * HOUR),
    "cancelled": cancelled,
}
