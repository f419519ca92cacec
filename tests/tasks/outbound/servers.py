"""Local servers that behave, and misbehave, exactly as a test tells them."""

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import ip_network
from types import TracebackType
from typing import Any, Self

from tasks.outbound import Policy


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Connection:
    """One client, seen from the server."""

    def __init__(self, sock: socket.socket, stopping: threading.Event) -> None:
        self.sock = sock
        self.stopping = stopping

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.sock.sendall(piece)

    def drip(self, *pieces: bytes, every_s: float = 0.05) -> None:
        """Send one piece after another, slowly, until the test is over."""
        for piece in pieces:
            self.send(piece)
            if self.stopping.wait(every_s):
                return

    def receive(self) -> Request:
        with self.sock.makefile("rb") as incoming:
            method, path, _ = incoming.readline().decode("latin-1").split(" ")
            headers = {}
            while line := incoming.readline().decode("latin-1").strip():
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = incoming.read(int(headers.get("content-length", "0")))
        return Request(method, path, headers, body)


Answer = Callable[[Connection, Request], None]


def ok(
    body: bytes = b"", *headers: str, status: str = "200 OK", length: int | None = None
) -> bytes:
    announced = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {announced}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


class Server:
    """Count every connection as a hit, before a single byte of it is read."""

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.hits = 0
        self.requests: list[Request] = []
        self._tls = tls
        self._stopping = threading.Event()
        self._answer: Answer = lambda peer, _: peer.send(ok(b"hello"))
        self._listener = socket.create_server((host, port), backlog=64)
        self._threads = [threading.Thread(target=self._accept)]
        self.port: int = self._listener.getsockname()[1]
        self.origin = f"{'https' if tls else 'http'}://{host}:{self.port}"

    def says(self, *pieces: bytes) -> None:
        self._answer = lambda peer, _: peer.send(*pieces)

    def does(self, answer: Answer) -> None:
        self._answer = answer

    def policy(self, **changes: Any) -> Policy:
        """Return a policy that opens this server and nothing else."""
        nets = ((ip_network("127.0.0.0/8"), self.port),)
        return replace(Policy(allow_nets=nets, total_timeout_s=10.0), **changes)

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.hits += 1
            thread = threading.Thread(target=self._serve, args=(sock,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(5)
        try:
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
            peer = Connection(sock, self._stopping)
            request = peer.receive()
            self.requests.append(request)
            self._answer(peer, request)
        except (OSError, ValueError):
            pass  # the client left, which many tests are about
        finally:
            sock.close()
