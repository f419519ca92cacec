"""Literal requests and replies of the jobs API, played in order."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tasks.models import Job, Lane
from tasks.states import JobState
from tests.support.jobsapi import a_key, without_times

WIRE = Path(__file__).resolve().parents[3] / "wire" / "jobs"
START = datetime(2026, 11, 21, 8, tzinfo=UTC)
WAITS = "11111111-1111-4111-8111-111111111111"
FAILED = "22222222-2222-4222-8222-222222222222"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "file", sorted(WIRE.glob("*.json")), ids=lambda file: file.stem
)
def test_each_request_gets_its_literal_reply(file: Path) -> None:
    key = two_jobs_and_a_key()

    for number, exchange in enumerate(json.loads(file.read_text())["exchanges"], 1):
        wanted = exchange["reply"]

        reply = send(exchange["request"], key)

        body = without_times(json.loads(reply.content))
        assert {"status": reply.status_code, "body": body} == {
            "status": wanted["status"],
            "body": wanted["body"],
        }, number
        for name, value in wanted.get("headers", {}).items():
            assert reply.headers[name] == value, number


def two_jobs_and_a_key() -> str:
    """Have a job that waits, an hour later one that failed, and their client's key."""
    caller, key = a_key()
    Lane.objects.create(key="lane")
    shared = {"kind": "test.steps", "client": caller, "lane_id": "lane"}
    Job.objects.create(pk=WAITS, queued_at=START, **shared)
    job = Job(pk=FAILED, queued_at=START + timedelta(hours=1), **shared)
    job.state, job.due_at = JobState.FAILED, None
    job.error_code, job.error = "bad_source", "Page 2 answered 500."
    job.save(force_insert=True)
    return key


def send(request: dict[str, Any], key: str) -> Any:
    headers = {
        name: value.replace("<key>", key)
        for name, value in request.get("headers", {}).items()
    }
    return Client().generic(request["method"], request["path"], headers=headers)
