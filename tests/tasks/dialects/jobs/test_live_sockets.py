"""WS /ws/jobs/{id}: the job, and then the job at each change until its end."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker
from websockets.exceptions import ConnectionClosed

from tasks import services
from tests.support.backends import why_not
from tests.support.jobs_service import get, jobs_service
from tests.support.jobsapi import NOBODYS, a_job_of_nobody, a_key, say
from tests.support.waiting import a_job, open_socket, refusal
from tests.support.web import Web

pytestmark = pytest.mark.live


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Web]:
    if reason := why_not(request.param):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("sockets")
    with (
        django_db_blocker.unblock(),
        jobs_service(request.param, folder) as running,
    ):
        yield running


@pytest.fixture
def key(service: Web) -> str:
    return a_key()[1]


def with_key(key: str) -> dict[str, Any]:
    return {"additional_headers": {"Authorization": f"Bearer {key}"}}


def followed(service: Web, job_id: object, key: str) -> tuple[list[Any], int | None]:
    """Return the frames until the service closes, and the code it closes with."""
    with open_socket(service, f"/ws/jobs/{job_id}", **with_key(key)) as client:
        try:
            frames = [json.loads(frame) for frame in client]
        except ConnectionClosed:
            frames = []
        return frames, client.close_code


def test_a_job_is_followed_to_its_end(service: Web, key: str) -> None:
    job = a_job(steps=3, pause_s=0.3)

    frames, code = followed(service, job.pk, key)

    assert code == 1000
    revs = [one["rev"] for one in frames]
    assert revs == sorted(set(revs))
    assert {one["id"] for one in frames} == {str(job.pk)}
    assert frames[0]["state"] in {"queued", "inprogress"}
    assert frames[-1] == get(service, f"/jobs/{job.pk}", key).json()
    assert frames[-1]["state"] == "succeeded"
    assert frames[-1]["progress"]["percent"] == 100


def test_each_change_is_a_frame(service: Web, key: str) -> None:
    job = a_job_of_nobody()

    with open_socket(service, f"/ws/jobs/{job.pk}", **with_key(key)) as client:
        rows = [json.loads(client.recv(timeout=5))["progress"]["rows"]]
        for number in range(3):
            say(job, str(number))
            rows.append(json.loads(client.recv(timeout=5))["progress"]["rows"])

    assert rows == [0, 1, 2, 3]


def test_a_job_that_has_ended_is_one_frame(service: Web, key: str) -> None:
    job = services.cancel(a_job_of_nobody())

    frames, code = followed(service, job.pk, key)

    assert ([one["state"] for one in frames], code) == (["cancelled"], 1000)


def test_an_unknown_job_and_anothers_are_4404(service: Web, key: str) -> None:
    theirs = a_job_of_nobody(name="bob")

    for job_id in (NOBODYS, "nonsense", theirs.pk):
        assert followed(service, job_id, key) == ([], 4404)


def test_without_a_key_the_handshake_is_a_problem(service: Web) -> None:
    path = f"/ws/jobs/{NOBODYS}"

    reply = refusal(service, path)

    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="jobs"'
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert json.loads(reply.body or b"")["instance"] == path
