"""The seed README's session over real HTTP and WebSocket, whatever is killed."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
from django.conf import settings
from pytest_django import DjangoDbBlocker
from websockets.exceptions import ConnectionClosed

from exports.models import ExportTask
from tasks.models import Job
from tasks.states import FINAL
from tests.support import readme_session as readme
from tests.support.backends import bound_to, own_database, why_not
from tests.support.fetchtozip import a_key
from tests.support.polling import until
from tests.support.processes import proc
from tests.support.readme_session import Rows
from tests.support.waiting import open_socket, refusal
from tests.support.web import Web, up

ROWS = 4_000
NOBODYS = "task_" + "0" * 32

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def source() -> Iterator[Rows]:
    with Rows(total=ROWS) as running:
        yield running


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
    source: Rows,
) -> Iterator[Web]:
    if reason := why_not(request.param):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("session")
    with (
        django_db_blocker.unblock(),
        own_database(request.param, folder) as url,
        bound_to(url),
        up(
            folder,
            DATABASE_URL=url,
            DEBUG="on",
            SECRET_KEY=settings.SECRET_KEY,
            EXPORT_SOURCE_URL=source.url,
            EXPORT_PAGE_SIZE="100",
        ) as running,
    ):
        yield running


def kill_the_worker_of(job: Job, *, after: int) -> int:
    """Kill whoever runs a job once it got so far; return how far it was."""

    def runs() -> bool:
        job.refresh_from_db()
        assert job.state not in FINAL, (job.state, job.error)
        return bool(job.lease_owner) and job.done > after

    until(runs, within_s=30, what=f"the job is beyond {after}")
    proc(int(job.lease_owner.split("/")[-2])).kill()
    return job.done


def test_the_session_ends_well_though_two_workers_are_killed(
    service: Web, source: Rows, tmp_path: Path
) -> None:
    def shell(line: str, task_id: str = "") -> str:
        return readme.run(line, tmp_path, port=service.port, task_id=task_id)

    source.pages.clear()
    assert shell(readme.ADD_A_COLUMN) == (
        '{"message":"Input added/updated successfully",'
        '"input":{"name":"revenue","column":3,"change_order":1}}'
    )
    assert shell(readme.BULK_ADD_COLUMNS) == (
        '{"message":"Successfully added 2 and updated 0 inputs",'
        '"added_count":2,"updated_count":0}'
    )
    assert shell(readme.SET_CONFIG) == (
        '{"message":"Configuration set successfully","configuration":'
        '{"file_type":"zip","tmp_dir":null,"rate_limit":10,"page_limit":100,'
        '"db_url":null}}'
    )
    task_id = json.loads(shell(readme.START))["task_id"]
    frames: list[dict[str, Any]] = []
    closed: list[int | None] = []

    def follow() -> None:
        with open_socket(service, f"/api/export/ws/{task_id}") as client:
            frames.extend(json.loads(frame) for frame in client)
            closed.append(client.close_code)

    follower = Thread(target=follow)
    follower.start()
    job = ExportTask.objects.select_related("job").get(pk=task_id).job
    first = kill_the_worker_of(job, after=3)
    running = json.loads(shell(readme.STATUS, task_id))
    kill_the_worker_of(job, after=first + 3)
    follower.join(60)

    assert running["status"] == "in_progress"
    assert json.loads(shell(readme.STATUS, task_id)) == {
        "task_id": task_id,
        "status": "completed",
    }
    shell(readme.DOWNLOAD, task_id)
    with zipfile.ZipFile(tmp_path / task_id) as archive:
        assert archive.namelist() == ["data.csv"]
        text = archive.read("data.csv").decode()
    assert list(csv.reader(io.StringIO(text))) == [
        ["id", "revenue", "a", "b", "w"],
        *([str(n), "7", str(2 * n), "é,", f"w{n}"] for n in range(ROWS)),
    ]
    assert closed == [1000]
    told = [(one["status"], one["progress"]) for one in frames]
    assert told[0][0] == "in_progress"
    assert told[-1] == ("completed", 100)
    assert frames[-1] == {
        "task_id": task_id,
        "status": "completed",
        "progress": 100,
        "rows": ROWS,
        "bytes": frames[-1]["bytes"],
    }
    assert all(one != other for one, other in pairwise(frames))


@pytest.mark.faults
def test_what_was_set_up_and_started_survives_a_restart(
    tmp_path: Path, source: Rows
) -> None:
    restartable = partial(up, tmp_path, DEBUG="on", EXPORT_SOURCE_URL=source.url)
    with restartable() as service:
        for line in (readme.ADD_A_COLUMN, readme.SET_CONFIG):
            readme.run(line, tmp_path, port=service.port)
        started = readme.run(readme.START, tmp_path, port=service.port)
    task_id = json.loads(started)["task_id"]

    with restartable() as service:
        listed = service.get("/api/export/inputs-list").json()
        again = readme.run(readme.START, tmp_path, port=service.port)
        until(
            lambda: (
                service.get(f"/api/export/status/{task_id}").json()["status"]
                == "completed"
            ),
            within_s=60,
            what="the task from before is completed",
        )

    assert listed["count"] == 1
    assert json.loads(again)["message"] == "Task started"


def test_a_socket_for_an_unknown_task_closes_with_4404(service: Web) -> None:
    for task_id in (NOBODYS, "nothing", "%00"):
        with open_socket(service, f"/api/export/ws/{task_id}") as client:
            with pytest.raises(ConnectionClosed):
                client.recv(timeout=5)
            assert client.close_code == 4404


def test_a_socket_for_anothers_task_closes_with_4404(service: Web) -> None:
    _, alice = a_key("alice")
    _, bob = a_key("bob")
    task_id = start(service, alice)
    path = f"/api/export/ws/{task_id}"

    for headers in ({"Authorization": f"token {bob}"}, {}):
        with open_socket(service, path, additional_headers=headers) as client:
            with pytest.raises(ConnectionClosed):
                client.recv(timeout=5)
            assert client.close_code == 4404
    mine = {"Authorization": f"token {alice}"}
    with open_socket(service, path, additional_headers=mine) as client:
        assert json.loads(client.recv(timeout=5))["task_id"] == task_id


def test_a_bad_key_is_refused_before_the_socket_opens(service: Web) -> None:
    headers = {"Authorization": "token nonsense"}

    reply = refusal(service, f"/api/export/ws/{NOBODYS}", additional_headers=headers)

    assert reply.status_code == 401
    assert json.loads(reply.body) == {"detail": "Not authenticated"}


def test_a_cancel_is_told_within_a_second_and_ends_the_socket(service: Web) -> None:
    _, carol = a_key("carol")
    task_id = start(service, carol, rate_limit=2)
    headers = {"Authorization": f"token {carol}"}
    with open_socket(
        service, f"/api/export/ws/{task_id}", additional_headers=headers
    ) as client:
        first = json.loads(client.recv(timeout=5))
        send(service, "DELETE", f"cancel/{task_id}", carol)
        last = [json.loads(client.recv(timeout=1))]
        while last[-1]["status"] != "cancelled":
            last.append(json.loads(client.recv(timeout=1)))
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=2)

    assert first["status"] == "in_progress"
    assert {one["status"] for one in last} <= {"cancel_requested", "cancelled"} | {
        "in_progress"
    }
    assert client.close_code == 1000


def start(service: Web, key: str, **configuration: Any) -> str:
    send(service, "POST", "inputs", key, {"name": "a", "column": 0})
    whole = {"file_type": "csv", **configuration}
    send(service, "POST", "configure", key, whole)
    return str(send(service, "POST", "start", key)["task_id"])


def send(service: Web, method: str, path: str, key: str, body: Any = None) -> Any:
    reply = requests.request(
        method,
        f"{service.address}/api/export/{path}",
        json=body,
        headers={"Authorization": f"token {key}"},
        timeout=10,
    )
    assert reply.status_code == 200, reply.text
    return reply.json()
