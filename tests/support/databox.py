"""Who hands data over in tests: tokens, requests, and the places data is posted to."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from websockets.sync.client import ClientConnection

from exports import macaroons
from exports.models import Delivery
from tests.support.backends import bound_to, own_database
from tests.support.polling import until
from tests.support.sources import Sources
from tests.support.waiting import open_socket
from tests.support.web import Web, up
from tests.tasks.outbound.servers import Answer, Connection, Request, ok

SECRET = "Am I a secret, or not, or whatever?"
METHODS = {"/export": "POST", "/lp/export": "POST", "/ws/export": "GET"}
OPTIONS = ("--ws", "config.frames:Frames", "--log-level", "critical")
LARGEST = 64 << 10  # of an answer that is kept
NOBODYS = "11111111-2222-4333-8444-555555555555"


def token(
    path: str = "/export",
    *,
    identifier: str = "arbiter",
    destination: str = "",
    secret: str = SECRET,
) -> str:
    caveats = ["target = export-service", f"path = {path}", f"method = {METHODS[path]}"]
    caveats += [f"destination = {destination}"] * bool(destination)
    return macaroons.mint(
        secret.encode(),
        location="http://127.0.0.1:8888",
        identifier=identifier,
        caveats=caveats,
    )


def echoes(*, after_s: float = 0.0, status: str = "200 OK") -> Answer:
    """Answer with what was posted, a little later."""

    def answer(peer: Connection, request: Request) -> None:
        peer.stopping.wait(after_s)
        peer.send(ok(request.body, status=status))

    return answer


def environment(**changes: str) -> dict[str, Any]:
    ours = {
        "DEBUG": "on",
        "SECRET_KEY": settings.SECRET_KEY,  # what rings its bell is signed
        "MACAROON_SECRET": SECRET,
    }
    return {**ours, **changes}


@contextmanager
def delivering(
    backend: str, folder: Path, *, web: int = 1, **changes: str
) -> Iterator[Web]:
    """Run `manage.py up` on a database that this process' ORM is bound to, too."""
    with (
        own_database(backend, folder) as url,
        bound_to(url),
        up(folder, web=web, DATABASE_URL=url, **environment(**changes)) as service,
    ):
        yield service


@contextmanager
def cramped(backend: str, folder: Path) -> Iterator[Web]:
    """Run workers, and a web process whose connections hold a few KiB at most.

    The network of this machine takes more than the largest answer there is, so that
    a client that takes nothing in would not be noticed.
    """
    with (
        own_database(backend, folder) as url,
        bound_to(url),
        up(folder, DATABASE_URL=url, **environment()),
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        command = [sys.executable, "-m", "uvicorn", "config.asgi:application"]
        popen = subprocess.Popen(
            [*command, *("--fd", str(listener.fileno())), *OPTIONS],
            pass_fds=[listener.fileno()],
            env={
                **os.environ,
                **environment(DATABASE_URL=url, VAR_DIR=str(folder)),
            },
        )
        service = Web(popen, listener.getsockname()[1])
        try:
            until(
                lambda: service.answers("/healthz", 200),
                within_s=20,
                what="the cramped web process answers",
            )
            yield service
        finally:
            popen.terminate()
            popen.wait(20)


@contextmanager
def a_socket(
    service: Web, *, identifier: str = "arbiter", key: str = ""
) -> Iterator[ClientConnection]:
    key = key or token("/ws/export", identifier=identifier)
    headers = {"X-Api-Key": key}
    with open_socket(service, "/ws/export", additional_headers=headers) as client:
        yield client


def send(client: ClientConnection, uri: str, data: Any = None, id_: str = "") -> None:
    client.send(json.dumps(wanted(uri, data, id_)))


class Databox:
    """A client of a live service, whose tokens allow any destination."""

    def __init__(self, service: Web, *, identifier: str = "arbiter") -> None:
        self.service = service
        self.identifier = identifier

    def post(
        self, path: str, body: Any, *, headers: dict[str, str] | None = None
    ) -> requests.Response:
        """Post a body: bytes as they are, all else as JSON."""
        plain = path.partition("?")[0]
        key = {"X-Api-Key": token(plain, identifier=self.identifier)}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"{self.service.address}{path}"
        return requests.post(
            url, data=raw, headers={**key, **(headers or {})}, timeout=70
        )

    def hand_over(self, uri: str, data: Any = None, *, path: str = "/export") -> str:
        """Return the id of a new delivery, which is pending."""
        reply = self.post(path, wanted(uri, data))
        assert reply.status_code == 200, reply.text
        told = reply.json()
        assert (told["state"], told["ext_response"]) == ("Pending", {})
        return str(told["id"])

    def ask(self, delivery_id: str, *, path: str = "/export") -> requests.Response:
        return self.post(path, wanted("", [], delivery_id))


def wanted(uri: str, data: Any = None, delivery_id: str = "") -> dict[str, str]:
    return {"id": delivery_id, "uri": uri, "data": json.dumps(data or [])}


def answered(delivery_id: str) -> Delivery:
    """Wait until a delivery has an answer, which nobody was told by this."""
    found = Delivery.objects.filter(pk=delivery_id, answered_at__isnull=False)
    until(found.exists, within_s=20, what="the destination has answered")
    return found.get()


def controls(peer: Connection, request: Request) -> None:
    """Answer what takes six times its size in JSON."""
    peer.send(ok(b"\x01" * LARGEST))


def a_destination(sources: Sources) -> None:
    """Let a server echo at once, slowly, and with other statuses."""
    sources.act("/echo", echoes())
    sources.act("/slow", echoes(after_s=1.5))
    sources.act("/teapot", echoes(status="418 What"))
    sources.act("/odd", echoes(status="299 Odd"))
    sources.act("/large", controls)
    sources.act("/moved", ok(b"", "Location: /echo", status="302 Found"))


HANDSHAKE = (
    "GET /ws/export HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-Api-Key: {key}\r\n\r\n"
)


def deaf_socket(service: Web, key: str) -> socket.socket:
    """Open a WebSocket of which nothing is read after its handshake."""
    raw = _deaf(service)
    raw.sendall(HANDSHAKE.format(key=key).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += raw.recv(1)
    return raw


def masked(text: str) -> bytes:
    """Return a text frame as a client sends it."""
    return b"\x81\xfe" + len(text).to_bytes(2) + bytes(4) + text.encode()


def poll_and_read_nothing(
    service: Web, client: Databox, delivery_id: str
) -> socket.socket:
    """Long-poll over a connection that reads nothing and is cut when it is closed."""
    body = json.dumps(wanted("", [], delivery_id)).encode()
    key = token("/lp/export", identifier=client.identifier)
    raw = _deaf(service)
    raw.sendall(
        b"POST /lp/export?timeout=20 HTTP/1.1\r\nHost: localhost\r\n"
        + f"X-Api-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    return raw


def _deaf(service: Web) -> socket.socket:
    """Connect so that little is taken in, and that closing it cuts it off."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    raw.connect(("127.0.0.1", service.port))
    return raw
