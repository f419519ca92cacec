"""Requests that wait, at `manage.py up`: long-polls, streams, and their ends."""

import json
import socket as sockets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
import requests
from pytest_django import DjangoDbBlocker

from tasks import services
from tasks.models import Job
from tests.support.backends import why_not
from tests.support.polling import until
from tests.support.waiting import a_job, open_socket, waiting_service
from tests.support.web import Web

pytestmark = pytest.mark.live
PAGE = "https://pages.example"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Web]:
    if reason := why_not(request.param):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("calls")
    limits = {"MAX_WAITS_PER_CLIENT": "3", "MAX_BODY_MB": "1"}
    with (
        django_db_blocker.unblock(),
        waiting_service(request.param, folder, CORS_ORIGINS=PAGE, **limits) as running,
    ):
        yield running


def waits(service: Web) -> int:
    with open_socket(service, "/test/waits") as client:
        client.send("?")
        return int(client.recv(timeout=5))


def test_a_long_poll_is_answered_when_the_job_changes(service: Web) -> None:
    job = a_job(steps=1, pause_s=3)
    until(lambda: Job.objects.get(pk=job.pk).rev > 1, within_s=10, what="run")
    rev = Job.objects.get(pk=job.pk).rev

    with ThreadPoolExecutor(1) as aside:
        path = f"/test/wait/{job.pk}?after={rev}"
        waiting = aside.submit(service.get, path, timeout_s=20)
        until(lambda: waits(service) == 1, within_s=3, what="it waits")
        began = monotonic()
        services.cancel(Job.objects.get(pk=job.pk))
        reply = waiting.result()

    assert monotonic() - began < 1.0
    assert reply.status_code == 200
    assert reply.json()["rev"] > rev
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_a_long_poll_without_a_change_ends_in_its_time(service: Web) -> None:
    job = a_job(steps=1, pause_s=5)

    began = monotonic()
    reply = service.get(f"/test/wait/{job.pk}?after=1000&timeout=0.5")

    assert (reply.status_code, reply.content) == (204, b"")
    assert 0.5 <= monotonic() - began < 2.0


def test_a_client_that_hangs_up_is_forgotten(service: Web) -> None:
    job = a_job(steps=1, pause_s=5)
    request = f"GET /test/wait/{job.pk}?after=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with sockets.create_connection(("127.0.0.1", service.port)) as raw:
        raw.sendall(request.encode())
        until(lambda: waits(service) == 1, within_s=3, what="it waits")

    until(lambda: waits(service) == 0, within_s=3, what="its wait is gone")


def test_a_stream_has_a_part_for_each_change(service: Web) -> None:
    job = a_job(steps=3, pause_s=0.3)

    reply = service.get(f"/test/stream/{job.pk}", timeout_s=20)

    parts = reply.text.split("\n\n")
    assert reply.headers["Content-Type"] == "text/event-stream"
    assert parts[-2:] == ["data: succeeded 3", ""]
    assert len(parts) >= 4


def test_a_client_that_waits_too_often_is_a_429(service: Web) -> None:
    job = a_job(steps=1, pause_s=5)
    path = f"/test/wait/{job.pk}?after=1000&timeout=3"

    with ThreadPoolExecutor(3) as aside:
        held = [aside.submit(service.get, path) for _ in range(3)]
        until(lambda: waits(service) == 3, within_s=3, what="they wait")
        reply = service.get(path)
        other = service.get(f"{path[:-1]}0&who=carl")
        assert [one.result().status_code for one in held] == [204] * 3

    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "5")
    assert reply.json() == {
        "error": "Too Many Requests",
        "message": "You wait for 3 jobs at once, as many as you may.",
    }
    assert other.status_code == 204


def test_a_doors_own_fault_is_a_500_that_says_nothing_of_it(service: Web) -> None:
    reply = service.get("/test/breaks")

    assert (reply.status_code, reply.json()) == (
        500,
        {"error": "Internal Server Error"},
    )


def test_a_body_is_whole_when_the_door_sees_it(service: Web) -> None:
    url = f"{service.address}/test/body"
    parts = iter([b"a" * 1000, b"b" * 1000])

    reply = requests.post(url, data=parts, headers={"Content-Type": "x/y"}, timeout=10)
    large = requests.post(url, data=b" " * (2 << 20), timeout=10)

    assert reply.json() == {"size": 2000, "type": "x/y"}
    assert (large.status_code, large.json()["message"]) == (
        413,
        "The body is larger than 1 MB.",
    )


def test_other_methods_of_a_waiting_path_are_djangos(service: Web) -> None:
    reply = requests.get(f"{service.address}/test/body", timeout=10)

    assert (reply.status_code, reply.json()) == (404, {"error": "Not Found"})


def test_a_host_that_is_not_served_is_a_400(service: Web) -> None:
    url = f"{service.address}/test/sleeps"

    reply = requests.get(url, headers={"Host": "elsewhere.example"}, timeout=10)

    assert (reply.status_code, reply.json()) == (
        400,
        {"error": "Bad Request", "message": "This host is not served here."},
    )


@pytest.mark.parametrize(("origin", "named"), [(PAGE, PAGE), ("https://x.org", None)])
def test_a_page_of_an_allowed_origin_may_read_the_answer(
    service: Web, origin: str, named: str | None
) -> None:
    url = f"{service.address}/test/breaks"

    reply = requests.get(url, headers={"Origin": origin}, timeout=10)

    assert reply.headers.get("Access-Control-Allow-Origin") == named
    assert reply.headers["Vary"] == "Origin"


def test_too_many_fields_are_a_400(service: Web) -> None:
    fields = "&".join(f"f{number}=1" for number in range(1001))
    job = a_job(steps=1)

    reply = service.get(f"/test/wait/{job.pk}?{fields}")

    assert reply.status_code == 400
    assert json.loads(reply.text)["error"] == "Bad Request"
