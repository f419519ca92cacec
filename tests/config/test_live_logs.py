"""What a live service logs: ids, one line for each request, the lines of jobs."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tasks.models import Job
from tests.support.polling import until
from tests.support.waiting import open_socket, refusal
from tests.support.whole import Whole, whole_service

pytestmark = pytest.mark.live
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("logs")
    with (
        django_db_blocker.unblock(),
        whole_service(folder, LOG_FORMAT="json") as running,
    ):
        yield running


def lines(service: Whole, **wanted: Any) -> list[Any]:
    every = [json.loads(one) for one in service.log.splitlines() if one[0] == "{"]
    return [one for one in every if wanted.items() <= one.items()]


def line_of(service: Whole, **wanted: Any) -> Any:
    """Wait for the one line that says this."""
    until(lambda: bool(lines(service, **wanted)), within_s=10, what=str(wanted))
    (one,) = lines(service, **wanted)
    return one


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/robots.txt", "/robots.txt", 404),
        ("/source/me/id/latest?jwt=x", "/source/{owner}/{dataset}/{revision}", 404),
        (f"/jobs/{NOBODYS}?wait=1", "/jobs/{job_id}", 404),
        ("/nothing/of/this/kind?a=b", "/nothing/of/…", 404),
        ("/static/admin/css/base.css", "/static/admin/…", 200),
    ],
)
def test_each_request_has_an_id_and_one_line(
    service: Whole, path: str, route: str, status: int
) -> None:
    reply = service.ask("GET", path, headers=service.by_key)

    request_id = reply.headers["X-Request-ID"]
    line = line_of(service, message="answered", request=request_id)
    assert (line["method"], line["route"], line["status"]) == ("GET", route, status)
    assert line["ms"] > 0
    assert line["level"] == "info"


def test_a_probe_that_succeeds_leaves_no_line(service: Whole) -> None:
    probe = service.ask("GET", "/healthz")
    other = service.ask("GET", "/robots.txt")

    assert (probe.status_code, other.status_code) == (200, 404)
    assert line_of(service, request=other.headers["X-Request-ID"])
    assert lines(service, request=probe.headers["X-Request-ID"]) == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz", f"/jobs/{NOBODYS}"])
def test_a_sane_id_is_taken_over(service: Whole, path: str) -> None:
    reply = service.ask("GET", path, headers={"X-Request-ID": "from-proxy.1_2"})

    assert reply.headers["X-Request-ID"] == "from-proxy.1_2"


@pytest.mark.parametrize("bad", ["", "a b", "x" * 65, "-a", 'a"b', "é"])
def test_an_id_that_is_not_sane_is_replaced(service: Whole, bad: str) -> None:
    headers = {"X-Request-ID": bad.encode("latin-1")}

    reply = service.ask("GET", "/healthz", headers=headers)

    assert len(reply.headers["X-Request-ID"]) == 32


def test_the_handshake_of_a_socket_has_an_id_and_a_line(service: Whole) -> None:
    path, headers = f"/ws/jobs/{NOBODYS}", service.by_key
    with open_socket(service.web, path, additional_headers=headers) as client:
        assert client.response
        opened = client.response.headers["X-Request-ID"]
    refused = refusal(service.web, path).headers["X-Request-ID"]

    for request_id, status in ((opened, 101), (refused, 401)):
        line = line_of(service, message="answered", request=request_id)
        assert (line["method"], line["status"]) == ("WS", status)
        assert line["route"] == "/ws/jobs/{job_id}"


def test_who_asks_is_told_by_number(service: Whole) -> None:
    reply = service.ask("GET", f"/jobs/{NOBODYS}", headers=service.by_key)
    other = service.ask("GET", f"/jobs/{NOBODYS}")

    asked = line_of(service, request=reply.headers["X-Request-ID"])
    unknown = line_of(service, request=other.headers["X-Request-ID"])
    assert isinstance(asked["client"], int)
    assert "client" not in unknown


def test_a_trace_goes_from_the_request_into_each_line_of_its_job(
    service: Whole,
) -> None:
    service.ask("POST", "/api/export/inputs", json={"name": "a"})
    gone = {"file_type": "csv", "source_url": service.issuer.url("/gone.csv")}
    service.ask("POST", "/api/export/configure", json=gone)

    reply = service.ask(
        "POST", "/api/export/start", headers={"traceparent": TRACEPARENT}
    )

    request_id = reply.headers["X-Request-ID"]
    asked = line_of(service, request=request_id, message="answered")
    job = Job.objects.get(request_id=request_id)
    about = {
        "job": str(job.pk),
        "kind": "exports.export",
        "client": job.client_id,
        "request": request_id,
        "trace": TRACE,
    }
    raised = line_of(service, message="job raised", job=str(job.pk))
    left = line_of(service, message="job left", job=str(job.pk))
    assert (asked["trace"], asked["client"]) == (TRACE, job.client_id)
    assert about.items() <= raised.items()
    assert about.items() <= left.items()
    assert (raised["code"], left["state"]) == ("bad_status", "failed")


@pytest.mark.parametrize(
    "bad",
    [
        f"ff-{TRACE}-b7ad6b7169203331-01",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"{TRACEPARENT}-more",
        TRACEPARENT.upper(),
    ],
)
def test_a_trace_that_is_none_is_left_out(service: Whole, bad: str) -> None:
    reply = service.ask("GET", "/robots.txt", headers={"traceparent": bad})

    line = line_of(service, request=reply.headers["X-Request-ID"])
    assert "trace" not in line


def test_a_trace_of_a_later_version_may_go_on(service: Whole) -> None:
    headers = {"traceparent": f"cc-{TRACE}-b7ad6b7169203331-01-more"}

    reply = service.ask("GET", "/robots.txt", headers=headers)

    assert line_of(service, request=reply.headers["X-Request-ID"])["trace"] == TRACE


def test_every_line_is_json(service: Whole) -> None:
    # What the commands say to who started them.
    said = {"SECRET_KEY is not set", "Entrepot is at", "2 workers wait for jobs."}
    others = [one for one in service.log.splitlines() if not one.startswith("{")]

    assert [one for one in others if not one.startswith(tuple(said))] == []
