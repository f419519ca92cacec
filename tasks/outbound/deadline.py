"""The total time a request may take, kept by a timer that shuts its sockets."""

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Self


class Deadline:
    """Shut every watched socket when the time is up, whoever is waiting on it.

    Timeouts of a socket start anew with each byte; against a peer that sends one
    byte now and then, in its headers or in the TLS handshake, only this helps.
    """

    def __init__(self, total_s: float) -> None:
        self._ends_at = time.monotonic() + total_s
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._timer = threading.Timer(total_s, self._shut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        for sock in self._watched:
            sock.close()

    @property
    def left_s(self) -> float:
        return max(0.0, self._ends_at - time.monotonic())

    @property
    def expired(self) -> bool:
        return self.left_s == 0

    def end(self) -> None:
        """Let the time be up now; any thread may call this, at any time."""
        self._ends_at = time.monotonic()
        self._shut()

    def watch(self, sock: socket.socket) -> None:
        """Keep a second handle: wrapping a socket in TLS takes away the first."""
        with self._lock:
            self._watched.append(sock.dup())
        if self.expired:
            self._shut()

    def _shut(self) -> None:
        with self._lock:
            for sock in self._watched:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
