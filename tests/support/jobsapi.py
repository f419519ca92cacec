"""Callers of the jobs API in tests: their keys, requests, and what comes back."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
from django.db import transaction
from django.db.models import F
from django.test import Client

from tasks import services
from tasks.engine import clock
from tasks.engine.moves import change, note
from tasks.models import Client as Caller
from tasks.models import Job, JobEvent
from tasks.services import create_key
from tests.support.jobs import a_client, put

NOBODYS = "00000000-0000-4000-8000-000000000000"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> Any:
        assert self.headers["Content-Type"] == "application/problem+json"
        told = self.json
        assert list(told)[:5] == ["type", "title", "status", "detail", "instance"]
        assert told["status"] == self.status
        return told


def a_key(name: str = "alice", *, scope: str = "jobs") -> tuple[Caller, str]:
    caller = a_client(name)
    return caller, create_key(client=caller, scopes=[scope])[1]


def ask(method: str, path: str, key: str = "", **headers: str) -> Answer:
    """Send a request; `_` in a header's name stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        named["Authorization"] = f"Bearer {key}"
    reply = Client().generic(method, path, headers=named)
    return Answer(reply.status_code, reply.headers, reply.content)


def without_times(value: Any, name: str = "") -> Any:
    """Put `<time>` in the place of each time."""
    if isinstance(value, dict):
        return {key: without_times(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_times(one) for one in value]
    is_time = name in {"at", "until"} or name.endswith("_at")
    if is_time and value is not None:
        assert TIME.fullmatch(value), value
        return "<time>"
    return value


@dataclass(frozen=True)
class Sent:
    """A part of an event stream; a comment has nothing but its text."""

    id: int | None = None
    event: str = ""
    data: Any = None
    comment: str = ""


def sent_in(reply: requests.Response) -> Iterator[Sent]:
    """Read a stream part by part, as an EventSource does."""
    fields: dict[str, str] = {}
    for raw in reply.iter_lines(chunk_size=1):
        line = raw.decode()
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        if "" in fields:
            yield Sent(comment=fields[""])
        else:
            data = json.loads(fields["data"])
            yield Sent(int(fields["id"]), fields["event"], data)
        fields = {}


def a_job_of_nobody(*, name: str = "alice", **fields: Any) -> Job:
    """Queue a job that no worker takes for an hour, but for who changes it."""
    client = a_client(name)
    with transaction.atomic():
        job = services.enqueue("test.steps", client=client, params={}, lane=name)
        later = clock.now() + timedelta(hours=1)
        return put(job, due_at=later, **fields)


def say(job: Job, text: str) -> None:
    """Add a line to a job's log, as a worker's step does."""
    with transaction.atomic():
        now = Job.objects.get(pk=job.pk)
        change(now, rows=F("rows") + 1)
        note(now, JobEvent.Kind.NOTE, text=text)
