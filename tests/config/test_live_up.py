"""`manage.py up`, as one who starts it for the first time sees it."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.support.web import Web, up

pytestmark = pytest.mark.live
UNFINISHED = (
    b"POST /source/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with up(tmp_path_factory.mktemp("up")) as running:
        yield running


def test_it_needs_no_setting_on_a_loopback_address(service: Web) -> None:
    reply = service.get("/readyz")

    assert reply.json() == {"database": "ok", "store": "ok", "worker": "ok"}


def test_its_health_is_told_also_while_many_requests_hang(service: Web) -> None:
    with ExitStack() as open_:
        for _ in range(100):
            address = ("127.0.0.1", service.port)
            hanging = open_.enter_context(socket.create_connection(address))
            hanging.sendall(UNFINISHED)

        assert service.get("/healthz", timeout_s=2).text == "ok\n"
        assert service.get("/source/me/id/latest", timeout_s=2).status_code == 404


def test_a_body_in_chunks_is_read_like_any_other(service: Web) -> None:
    parts = iter([b'{"meta":', b' {"ownerid": "me"}}'])

    reply = requests.post(
        f"{service.address}/source/upload",
        data=parts,
        headers={"Content-Type": "application/json"},
        timeout=10,
    )

    assert reply.json()["errors"] == ["No token or token not authorised for owner"]


def test_a_body_beyond_the_limit_is_refused_in_the_dialects_shape(
    service: Web,
) -> None:
    reply = requests.post(
        f"{service.address}/source/upload",
        data=b" " * (17 << 20),
        headers={"Content-Type": "application/json"},
        timeout=30,
    )

    assert reply.status_code == 413
    assert reply.json()["errors"] == ["The body is larger than 16 MB."]


@pytest.mark.parametrize("charset", ["base64", "rot13", "nonsense", '"idna"', ""])
def test_a_charset_that_is_none_does_not_matter(service: Web, charset: str) -> None:
    reply = requests.post(
        f"{service.address}/source/upload",
        data=b'{"meta": {}}',
        headers={"Content-Type": f"application/json; charset={charset}"},
        timeout=10,
    )

    assert (reply.status_code, reply.json()["errors"]) == (
        200,
        ["Missing owner in spec"],
    )


def test_metrics_are_for_this_machine_but_not_for_those_behind_a_proxy(
    service: Web,
) -> None:
    url = f"{service.address}/metrics"

    direct = requests.get(url, timeout=10)
    proxied = requests.get(url, headers={"X-Forwarded-For": "10.0.0.9"}, timeout=10)

    assert "django_http_requests" in direct.text
    assert (direct.status_code, proxied.status_code) == (200, 401)


def test_the_admin_asks_for_a_sign_in_with_its_own_style(service: Web) -> None:
    page = service.get("/admin/")
    style = service.get("/static/admin/css/base.css")

    assert "Log in" in page.text
    assert style.headers["Content-Type"].startswith("text/css")


def test_a_path_that_is_not_there_is_a_plain_404(service: Web) -> None:
    reply = service.get("/nothing/here")

    assert (reply.status_code, reply.json()) == (404, {"error": "Not Found"})


def test_sigterm_ends_all_of_it(tmp_path: Path) -> None:
    with up(tmp_path, web=2) as service:
        code = service.stop()

        assert (code, service.survivors) == (0, [])
