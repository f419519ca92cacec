"""Between the store and its server: passes requests on, unless a test has a fault."""

import http.client
from collections import deque
from collections.abc import Callable
from urllib.parse import urlsplit

from tests.tasks.outbound.servers import Answer, Connection, Request, Server, ok

ERROR = "<Error><Code>{code}</Code><Message>no</Message></Error>"
COPY = "x-amz-copy-source"
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


def refusal(code: str, status: str = "503 Slow Down") -> Answer:
    body = ERROR.format(code=code).encode()
    return lambda peer, _: peer.send(
        ok(body, "Content-Type: application/xml", "Connection: close", status=status)
    )


def hangs_up(peer: Connection, _: Request) -> None:
    """End the connection without an answer."""


def stalls(peer: Connection, _: Request) -> None:
    """Say nothing until the test is over."""
    peer.stopping.wait(30)


class FaultyS3(Server):
    """Each fault answers one request of its kind."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._behind = urlsplit(url).netloc
        self.faults: deque[tuple[Callable[[Request], bool], Answer]] = deque()
        self.down = False
        self.does(self._relay)

    def fail(self, answer: Answer, *, when: str = "", times: int = 1) -> None:
        """Answer like that the next times that `when` is in a request's first line."""
        for _ in range(times):
            self.faults.append((lambda asked: when in _line(asked), answer))

    def lose_answer(self, *, when: str) -> None:
        """Have a request done, and its answer lost."""
        self.faults.append((lambda asked: when in _line(asked), self._forget))

    def lose_end(self) -> None:
        """Have an upload in parts completed, and the answer lost."""
        self.faults.append((_is_end, self._forget))

    def fail_copies(self, answer: Answer) -> None:
        self.faults.append((lambda asked: COPY in asked.headers, answer))

    def cut_body(self, *, when: str) -> None:
        """Send half of an answer's body."""
        self.faults.append((lambda asked: when in _line(asked), self._cut))

    def _relay(self, peer: Connection, request: Request) -> None:
        if self.down:
            return
        for fault in self.faults:
            if fault[0](request):
                self.faults.remove(fault)
                fault[1](peer, request)
                return
        peer.send(*self._ask(request))

    def _forget(self, _: Connection, request: Request) -> None:
        self._ask(request)

    def _cut(self, peer: Connection, request: Request) -> None:
        head, body = self._ask(request)
        peer.send(head, body[: len(body) // 2])

    def _ask(self, request: Request) -> tuple[bytes, bytes]:
        behind = http.client.HTTPConnection(self._behind, timeout=20)
        behind.request(request.method, request.path, request.body, request.headers)
        reply = behind.getresponse()
        body = reply.read()
        length = reply.getheader("Content-Length") or str(len(body))
        lines = [f"HTTP/1.1 {reply.status} {reply.reason}", f"Content-Length: {length}"]
        lines += [
            f"{name}: {value}"
            for name, value in reply.getheaders()
            if name.lower() not in HOP_BY_HOP
        ]
        behind.close()
        head = "\r\n".join([*lines, "Connection: close", "", ""])
        return head.encode("latin-1"), body


def _is_end(request: Request) -> bool:
    return request.method == "POST" and "uploadId=" in request.path


def _line(request: Request) -> str:
    return f"{request.method} {request.path}"
