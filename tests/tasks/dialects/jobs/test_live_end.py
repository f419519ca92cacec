"""A service that stops answers all who wait for jobs, and ends their streams."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest
from pytest_django import DjangoDbBlocker
from websockets.exceptions import ConnectionClosed

from tests.support.jobs_service import get, jobs_service, stream
from tests.support.jobsapi import a_job_of_nobody, a_key, say, sent_in
from tests.support.waiting import open_socket
from tests.support.web import Web

pytestmark = pytest.mark.live


@pytest.fixture
def service(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Web]:
    folder = tmp_path / "var"
    folder.mkdir()
    with django_db_blocker.unblock(), jobs_service("sqlite", folder) as running:
        yield running


def test_who_waits_is_told_to_ask_again(service: Web) -> None:
    _, key = a_key()
    job = a_job_of_nobody()
    say(job, "first")
    path, headers = f"/jobs/{job.pk}", {"Authorization": f"token {key}"}

    with (
        ThreadPoolExecutor(1) as aside,
        open_socket(service, f"/ws{path}", additional_headers=headers) as client,
    ):
        client.recv(timeout=5)
        events = sent_in(stream(service, f"{path}/events", key))
        seen = [next(events).data["data"]["text"]]
        waiting = aside.submit(get, service, f"{path}?wait=30&rev=2", key)
        get(service, f"{path}?wait=0.5&rev=2", key)  # until that one waits, too
        began = monotonic()
        code = service.stop()
        reply = waiting.result()
        seen += [one.comment for one in events]
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=5)

    assert monotonic() - began < 15
    assert code == 0
    assert reply.status_code == 503
    assert reply.headers["Retry-After"] == "1"
    assert reply.json() == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "The service restarts; ask again.",
        "instance": path,
    }
    assert seen == ["first"]
    assert client.close_code == 1012
