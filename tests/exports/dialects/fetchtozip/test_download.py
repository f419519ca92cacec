"""GET /api/export/download/{task_id}: the file, whole or in part, or why not."""

import hashlib
import io
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django.utils.http import http_date
from pytest_django import Settings

from exports.models import ExportTask
from tasks.archive.stored import store
from tasks.models import Artifact
from tests.support.fetchtozip import (
    CSV,
    FAILS,
    WHY,
    Answer,
    ask,
    ended,
    started,
    task_of,
)
from tests.support.jobs import claimed, put
from tests.support.stores import lose_store

pytestmark = pytest.mark.django_db(transaction=True)

DIGEST = hashlib.sha256(CSV).hexdigest()


def download(client: Client, task_id: str, method: str = "GET", **more: str) -> Answer:
    return ask(client, method, f"download/{task_id}", **more)


def test_a_finished_tasks_file_is_sent_whole(client: Client) -> None:
    task_id = ended(client)

    reply = download(client, task_id)

    artifact = task_of(task_id).artifact
    assert artifact is not None
    assert (reply.status, reply.body) == (200, CSV)
    told = {name: reply.headers[name] for name in sorted(reply.headers)}
    assert told == {
        "Accept-Ranges": "bytes",
        "Allow": "GET, HEAD, OPTIONS",
        "Cache-Control": "private",
        "Content-Disposition": f'attachment; filename="{task_id}.csv"',
        "Content-Length": str(len(CSV)),
        "Content-Type": "text/csv; charset=utf-8",
        "Cross-Origin-Opener-Policy": "same-origin",
        "ETag": f'"{DIGEST}"',
        "Last-Modified": http_date(artifact.created_at.timestamp()),
        "Referrer-Policy": "same-origin",
        "Vary": "Origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


@pytest.mark.parametrize(
    ("file_type", "media_type"),
    [
        ("csv", "text/csv; charset=utf-8"),
        ("json", "application/json"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("zip", "application/zip"),
        ("ndjson", "application/x-ndjson"),
        ("parquet", "application/vnd.apache.parquet"),
    ],
)
def test_each_file_type_has_its_ending_and_media_type(
    client: Client, file_type: str, media_type: str
) -> None:
    task_id = ended(client, file_type=file_type)

    reply = download(client, task_id)

    assert reply.headers["Content-Type"] == media_type
    assert reply.headers["Content-Disposition"] == (
        f'attachment; filename="{task_id}.{file_type}"'
    )


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("sales", 'attachment; filename="sales.csv"'),
        ("sales.CSV", 'attachment; filename="sales.CSV"'),
        ("v1.2", 'attachment; filename="v1.2.csv"'),
        (
            "Größe.csv",
            "attachment; filename=\"Groe.csv\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv",
        ),
        ("../../etc/passwd", 'attachment; filename="passwd.csv"'),
        ('a"b\\c\r\nd', 'attachment; filename="cd.csv"'),
    ],
)
def test_a_file_goes_under_the_name_that_was_asked_for(
    client: Client, name: str, disposition: str
) -> None:
    task_id = ended(client, file_name=name)

    reply = download(client, task_id)

    assert reply.headers["Content-Disposition"] == disposition


def test_head_tells_of_the_file_without_sending_it(client: Client) -> None:
    task_id = ended(client)

    reply = download(client, task_id, "HEAD")

    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["Content-Length"] == str(len(CSV))
    assert reply.headers["ETag"] == f'"{DIGEST}"'


@pytest.mark.parametrize(
    ("asked", "sent", "told"),
    [
        ("bytes=0-6", CSV[:7], "bytes 0-6/14"),
        ("bytes=8-", CSV[8:], "bytes 8-13/14"),
        ("bytes=-3", CSV[-3:], "bytes 11-13/14"),
    ],
)
def test_a_part_can_be_asked_for(
    client: Client, asked: str, sent: bytes, told: str
) -> None:
    task_id = ended(client)

    reply = download(client, task_id, Range=asked)

    assert (reply.status, reply.body) == (206, sent)
    assert reply.headers["Content-Range"] == told


def test_a_download_is_resumed_only_of_the_same_file(client: Client) -> None:
    task_id = ended(client)

    same = download(client, task_id, Range="bytes=8-", If_Range=f'"{DIGEST}"')
    other = download(client, task_id, Range="bytes=8-", If_Range='"other"')

    assert (same.status, same.body) == (206, CSV[8:])
    assert (other.status, other.body) == (200, CSV)


def test_a_part_beyond_the_end_cannot_be_had(client: Client) -> None:
    task_id = ended(client)

    reply = download(client, task_id, Range="bytes=14-")

    assert reply.status == 416
    assert reply.headers["Content-Range"] == "bytes */14"


def test_what_the_caller_has_already_is_not_sent_again(client: Client) -> None:
    task_id = ended(client)

    reply = download(client, task_id, If_None_Match=f'"{DIGEST}"')

    assert (reply.status, reply.body) == (304, b"")


def test_a_download_does_not_delete(client: Client) -> None:
    task_id = ended(client)

    assert [download(client, task_id).body for _ in range(3)] == [CSV] * 3


@pytest.mark.parametrize("action", ["wait", "run", "stop", "cancel"])
def test_before_its_end_there_is_no_file(client: Client, action: str) -> None:
    task_id = started(client)
    word = "in_progress"
    if action in {"run", "stop"}:
        job = claimed()
    if action == "stop":
        put(job, cancel_requested_at=timezone.now())
        word = "cancel_requested"
    if action == "cancel":
        ask(client, "DELETE", f"cancel/{task_id}")
        word = "cancelled"

    reply = download(client, task_id)

    assert reply.status == 409
    assert (
        reply.body
        == (
            f'{{"detail":"Task {task_id} is not yet completed. '
            f'Current status: {word}"}}'
        ).encode()
    )


def test_of_a_failed_task_the_error_is_told_and_no_fault_of_ours_is_logged(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    task_id = ended(client, source_url=FAILS)

    reply = download(client, task_id)

    assert [one for one in caplog.records if one.levelname == "ERROR"] == []

    assert reply.status == 500
    assert (
        reply.body
        == (
            f'{{"detail":"Task failed: Pipeline failed for task_id={task_id}: {WHY}"}}'
        ).encode()
    )


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_that_is_gone_is_not_found(client: Client, method: str) -> None:
    task_id = ended(client)
    store().delete(DIGEST)

    reply = download(client, task_id, method)

    assert reply.status == 404
    if method == "GET":
        assert reply.body == b'{"detail":"Output file not found on server."}'


def test_a_file_that_is_not_whole_is_not_sent(client: Client) -> None:
    task_id = ended(client)
    path = store().path(DIGEST)
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(CSV[:-1])

    reply = download(client, task_id)

    assert reply.status == 404
    assert reply.detail == "Output file not found on server."


def test_a_file_is_kept_so_long_and_then_gone_with_a_reason(
    client: Client, settings: Settings
) -> None:
    settings.EXPORT_KEEP_HOURS = 2
    with time_machine.travel("2026-11-21T10:00:00Z", tick=False):
        task_id = ended(client)
    with time_machine.travel("2026-11-21T11:59:59Z", tick=False):
        assert download(client, task_id).status == 200

    with time_machine.travel("2026-11-21T12:00:00Z", tick=False):
        reply = download(client, task_id)

    assert reply.status == 404
    assert reply.body == (
        b'{"detail":"Output file not found on server. '
        b'It was kept until 2026-11-21T12:00:00Z."}'
    )


def test_prune_deletes_expired_files_and_then_old_tasks(client: Client) -> None:
    task_id = ended(client)
    Artifact.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    ExportTask.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    call_command("prune", stdout=io.StringIO(), stderr=io.StringIO())

    assert not Artifact.objects.exists()
    reply = download(client, task_id)
    assert reply.status == 404
    assert reply.detail.startswith("Output file not found on server. It was kept until")

    call_command("prune", "--days", "0", stdout=io.StringIO(), stderr=io.StringIO())

    assert not ExportTask.objects.exists()
    assert download(client, task_id).detail == "Task not found"


def test_prune_leaves_files_that_are_still_kept(client: Client) -> None:
    task_id = ended(client)
    old = timezone.now() - timedelta(hours=100)
    Artifact.objects.update(created_at=old)

    call_command("prune", stdout=io.StringIO(), stderr=io.StringIO())

    assert download(client, task_id).body == CSV


def test_a_caller_that_hangs_up_leaves_no_open_file(client: Client) -> None:
    task_id = ended(client)
    reply: Any = client.get(f"/api/export/download/{task_id}")
    before = open_files(DIGEST)

    reply.close()

    assert (before, open_files(DIGEST)) == (1, 0)


def open_files(name: str) -> int:
    """Count this process' open files whose path ends with `name`."""
    paths = []
    for handle in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            paths.append(str(handle.readlink()))
    return sum(path.endswith(name) for path in paths)


def test_a_store_that_is_down_is_to_be_asked_again(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = ended(client)
    lose_store(settings, monkeypatch)

    reply = download(client, task_id)

    assert (reply.status, reply.headers["Retry-After"]) == (503, "10")
    assert reply.json["detail"].startswith("The store does not answer")
