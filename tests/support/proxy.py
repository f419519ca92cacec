"""A line to a server that can be cut in the ways that lines are cut."""

import selectors
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

CHUNK = 1 << 16
LOOK_EVERY_S = 0.05


class Proxy:
    """Forward TCP to a port of this machine, until told otherwise.

    `swallow()` takes everything in and passes nothing on, nor says so: what a host
    that has lost its network looks like. `refuse()` resets what there is and comes.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.settimeout(LOOK_EVERY_S)
        self.port: int = self._listener.getsockname()[1]
        self._ways: dict[socket.socket, socket.socket] = {}
        self._guard = threading.Lock()
        self._ending = threading.Event()
        self._passes = threading.Event()
        self._passes.set()
        self._refuses = False
        self._threads = [
            threading.Thread(target=self._accept, daemon=True),
            threading.Thread(target=self._forward, daemon=True),
        ]

    def swallow(self) -> None:
        self._passes.clear()

    def refuse(self) -> None:
        self._refuses = True
        self._drop_all()

    def mend(self) -> None:
        """Pass everything on again; what was swallowed meanwhile is sent, too."""
        self._refuses = False
        self._passes.set()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._passes.set()
        for thread in self._threads:
            thread.join(5)
        self._listener.close()
        self._drop_all()

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            if self._refuses:
                _reset(near)
            else:
                self._join(near)

    def _join(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._target, 5)
        except OSError:
            _reset(near)
            return
        with self._guard:
            self._ways |= {near: far, far: near}

    def _forward(self) -> None:
        while not self._ending.is_set():
            self._passes.wait(LOOK_EVERY_S)
            with self._guard:
                ends = list(self._ways)
            if not (self._passes.is_set() and ends):
                self._ending.wait(LOOK_EVERY_S)
                continue
            for end in _readable(ends):
                self._pass_on(end)

    def _pass_on(self, end: socket.socket) -> None:
        other = self._ways.get(end)
        if other is None:
            return
        try:
            piece = end.recv(CHUNK)
            other.sendall(piece)
        except OSError:
            piece = b""
        if not piece:
            self._drop(end, other)

    def _drop(self, *ends: socket.socket) -> None:
        with self._guard:
            for end in ends:
                self._ways.pop(end, None)
        for end in ends:
            _reset(end)

    def _drop_all(self) -> None:
        with self._guard:
            ends = list(self._ways)
        self._drop(*ends)


def _readable(ends: list[socket.socket]) -> list[socket.socket]:
    with selectors.DefaultSelector() as selector:
        for end in ends:
            with suppress(ValueError, KeyError):  # it was closed meanwhile
                selector.register(end, selectors.EVENT_READ)
        found = selector.select(LOOK_EVERY_S)
    return [key.fileobj for key, _ in found if isinstance(key.fileobj, socket.socket)]


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        end.close()
