"""GET /jobs/{id} that waits: answered when the job changes, or in its time."""

import socket as sockets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from pytest_django import DjangoDbBlocker

from tasks import services
from tasks.models import Job
from tests.support.backends import why_not
from tests.support.jobs import a_client
from tests.support.jobs_service import get, jobs_service
from tests.support.jobsapi import NOBODYS, a_job_of_nobody, a_key, say
from tests.support.polling import until
from tests.support.web import Web

pytestmark = pytest.mark.live
SOON_S = 1.5


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Web]:
    if reason := why_not(request.param):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("waits")
    with (
        django_db_blocker.unblock(),
        jobs_service(request.param, folder, MAX_WAITS_PER_CLIENT="3") as running,
    ):
        yield running


@pytest.fixture
def key(service: Web) -> str:
    return a_key()[1]


def test_it_is_answered_when_the_job_changes(service: Web, key: str) -> None:
    job = a_job_of_nobody()

    with ThreadPoolExecutor(1) as aside:
        began = monotonic()
        waiting = aside.submit(get, service, f"/jobs/{job.pk}?wait=20", key)
        assert not waiting.done()
        until(lambda: monotonic() - began > 0.5, within_s=2, what="it waits a while")
        assert not waiting.done()
        say(job, "changed")
        changed = monotonic()
        reply = waiting.result()

    assert monotonic() - changed < SOON_S
    assert reply.status_code == 200
    assert reply.json()["rev"] == 2
    assert reply.json()["progress"]["rows"] == 1
    assert "Preference-Applied" not in reply.headers


def test_it_is_answered_in_its_time_without_a_change(service: Web, key: str) -> None:
    job = a_job_of_nobody()

    began = monotonic()
    reply = get(service, f"/jobs/{job.pk}?wait=0.5", key)

    assert 0.5 <= monotonic() - began < 0.5 + SOON_S
    assert reply.json()["rev"] == 1
    assert reply.json()["waiting"]["for"] == "time"


def test_a_change_since_the_rev_that_is_known_is_told_at_once(
    service: Web, key: str
) -> None:
    job = a_job_of_nobody()
    say(job, "changed")

    began = monotonic()
    reply = get(service, f"/jobs/{job.pk}?wait=10&rev=1", key)

    assert monotonic() - began < SOON_S
    assert reply.json()["rev"] == 2


def test_a_job_that_has_ended_is_told_at_once(service: Web, key: str) -> None:
    job = services.cancel(a_job_of_nobody())

    began = monotonic()
    reply = get(service, f"/jobs/{job.pk}?wait=10&rev={job.rev}", key)

    assert monotonic() - began < SOON_S
    assert reply.json()["state"] == "cancelled"


def test_without_wait_it_is_told_at_once_as_django_tells_it(
    service: Web, key: str
) -> None:
    job = a_job_of_nobody()

    reply = get(service, f"/jobs/{job.pk}", key)

    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    assert list(reply.json())[:4] == ["id", "kind", "state", "rev"]
    assert list(reply.json())[-2:] == ["links", "waiting"]


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("wait=1", "wait=1"),
        ('respond-async, Wait = "1"', "wait=1"),
        ("wait=soon", None),
        ("respond-async", None),
    ],
)
def test_a_preference_is_applied_and_told(
    service: Web, key: str, prefer: str, applied: str | None
) -> None:
    job = a_job_of_nobody()

    began = monotonic()
    reply = get(service, f"/jobs/{job.pk}", key, Prefer=prefer)

    assert reply.headers.get("Preference-Applied") == applied
    took = monotonic() - began
    assert took >= 1 if applied else took < 1


def test_nobody_waits_for_more_than_a_minute(service: Web, key: str) -> None:
    job = a_job_of_nobody()

    with ThreadPoolExecutor(1) as aside:
        path = f"/jobs/{job.pk}?rev={job.rev}"
        waiting = aside.submit(get, service, path, key, Prefer="wait=86400")
        say(job, "changed")
        reply = waiting.result()

    assert reply.headers["Preference-Applied"] == "wait=60"


def test_the_query_counts_more_than_the_preference(service: Web, key: str) -> None:
    job = a_job_of_nobody()

    began = monotonic()
    reply = get(service, f"/jobs/{job.pk}?wait=0", key, Prefer="wait=10")

    assert monotonic() - began < SOON_S
    assert "Preference-Applied" not in reply.headers


@pytest.mark.parametrize("query", ["wait=-1", "wait=NaN", "wait=", "rev=x", "waits=1"])
def test_a_parameter_that_cannot_be_is_a_problem(
    service: Web, key: str, query: str
) -> None:
    reply = get(service, f"/jobs/{a_job_of_nobody().pk}?{query}", key)

    assert reply.status_code == 400
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json()["parameter"] == query.partition("=")[0]


def test_anothers_job_and_no_job_are_not_found(service: Web) -> None:
    job = a_job_of_nobody()
    _, bob = a_key("bob")

    for job_id in (str(job.pk), NOBODYS, "nonsense"):
        for path in (f"/jobs/{job_id}?wait=5", f"/jobs/{job_id}/events"):
            reply = get(service, path, bob)
            assert reply.status_code == 404
            assert reply.json() == {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "detail": "There is no such job, or it is another client's.",
                "instance": path.partition("?")[0],
            }


def test_without_a_key_nothing_is_told(service: Web) -> None:
    reply = get(service, f"/jobs/{NOBODYS}", "ep_no")

    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="jobs"'
    assert reply.json()["title"] == "Unauthorized"


def test_a_client_that_waits_too_often_is_told_when_to_come_again(
    service: Web,
) -> None:
    _, key = a_key("carol")
    job = a_job_of_nobody(name="carol")
    path = f"/jobs/{job.pk}?wait=3&rev=1000"

    with ThreadPoolExecutor(4) as aside:
        held = [aside.submit(get, service, path, key) for _ in range(4)]
        statuses = sorted(one.result().status_code for one in held)
        refused = next(one.result() for one in held if one.result().status_code == 429)

    assert statuses == [200, 200, 200, 429]
    assert refused.headers["Retry-After"] == "5"
    assert refused.json()["detail"] == (
        "You wait for 3 jobs at once, as many as you may."
    )


def test_a_job_that_is_deleted_meanwhile_is_not_found(service: Web, key: str) -> None:
    job = a_job_of_nobody()

    with ThreadPoolExecutor(1) as aside:
        began = monotonic()
        waiting = aside.submit(get, service, f"/jobs/{job.pk}?wait=20", key)
        until(lambda: monotonic() - began > 0.5, within_s=2, what="it waits a while")
        Job.objects.filter(pk=job.pk).delete()
        reply = waiting.result()

    assert reply.status_code == 404


def test_cancel_and_list_are_djangos_on_the_same_port(service: Web, key: str) -> None:
    job = a_job_of_nobody()

    with sockets.create_connection(("127.0.0.1", service.port), timeout=10) as raw:
        raw.sendall(
            f"DELETE /jobs/{job.pk} HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: token {key}\r\nConnection: close\r\n\r\n".encode()
        )
        told = b"".join(iter(lambda: raw.recv(65536), b""))
    listed = get(service, "/jobs?state=cancelled&limit=200", key)

    assert told.startswith(b"HTTP/1.1 202 Accepted\r\n")
    assert str(job.pk) in {one["id"] for one in listed.json()["jobs"]}
    assert a_client().jobs.filter(pk=job.pk, state="cancelled").exists()
