"""A TCP line to a server that can fall silent: open at both ends, and nothing comes."""

import socket
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Self

CHUNK = 65_536


class Line:
    """Carries each connection to `server`, until it is told to be silent."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._silent: set[socket.socket] = set()
        self.connections = 0

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def fall_silent(self) -> None:
        """Swallow what is sent over the connections of now; later ones are carried."""
        self._silent |= set(self._open)

    def __enter__(self) -> Self:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for one in [self._listener, *self._open]:
            with suppress(OSError):  # it may be closed at the other end
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            self.connections += 1
            self._open += [client, server]
            for one, other in ((client, server), (server, client)):
                Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(CHUNK):
                if one not in self._silent:
                    other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return
