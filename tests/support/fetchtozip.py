"""FetchtoZip's callers in tests: their requests, their tasks, and what runs these."""

import json
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone

from exports import services
from exports.models import ExportTask
from tasks.archive.stored import store
from tasks.engine import shift
from tasks.engine.run import Effect, Run, Step
from tasks.errors import WorkFailed
from tasks.models import Client as Caller
from tasks.services import create_key
from tests.support.jobs import a_client

CSV = b"revenue\n12\n30\n"
FAILS = "http://source.test/fails"
SOURCE = "http://source.test/rows"
WHY = "Page 2 of http://source.test/fails answered 500: b'oops'."
ROWS = [{"name": "revenue", "column": 3, "change_order": 1}]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def detail(self) -> Any:
        told = self.json
        assert list(told) == ["detail"]
        return told["detail"]


def ask(
    client: Client,
    method: str,
    path: str,
    body: Any = b"",
    *,
    key: str = "",
    content_type: str = "application/json",
    **headers: str,
) -> Answer:
    """Send a request; `_` in a header's name stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        named["Authorization"] = f"token {key}"
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    reply = client.generic(
        method,
        f"/api/export/{path}",
        data=data,
        content_type=content_type,
        headers=named,
    )
    if not getattr(reply, "streaming", False):
        return Answer(reply.status_code, reply.headers, reply.content)
    with closing(reply):
        return Answer(reply.status_code, reply.headers, reply.getvalue())


def configured(client: Client, key: str = "", **configuration: Any) -> None:
    """Define a column and a configuration."""
    whole = {"file_type": "csv", "source_url": SOURCE, **configuration}
    assert ask(client, "POST", "bulk-inputs", ROWS, key=key).status == 200
    reply = ask(client, "POST", "configure", whole, key=key)
    assert reply.status == 200, reply.body


def started(client: Client, key: str = "", **configuration: Any) -> str:
    """Configure and start an export; return its task's id."""
    configured(client, key, **configuration)
    reply = ask(client, "POST", "start", key=key)
    assert reply.status == 200, reply.body
    return str(reply.json["task_id"])


def ended(client: Client, key: str = "", **configuration: Any) -> str:
    """Start an export and run it to its end."""
    task_id = started(client, key, **configuration)
    shift.answer()
    return task_id


def a_key(name: str = "alice", *, scope: str = "export") -> tuple[Caller, str]:
    caller = a_client(name)
    return caller, create_key(client=caller, scopes=[scope])[1]


def task_of(task_id: str) -> ExportTask:
    return ExportTask.objects.select_related("job", "artifact").get(pk=task_id)


def makes_csv(run: Run) -> Generator[Step, None, Effect | None]:
    """Make a small file of each export, or fail if its source says so."""
    task = ExportTask.objects.get(pk=run.params["task"])
    wanted = services.load_request(task).configuration
    yield run.step(done=1, total=4, rows=1, size_bytes=10)
    if wanted.source_url == FAILS:
        raise WorkFailed("bad_status", WHY)
    with store().writer(fence=str(run.job.pk)) as writer:
        writer.write(CSV)
        stored = writer.commit()
    yield run.step(done=4, total=4, rows=2, size_bytes=len(CSV))
    return lambda: services.finish_export(
        task=task, stored=stored, rows=2, receipt={"rows": 2}, at=timezone.now()
    )
