"""A live `manage.py up`: web and workers, on a port and in a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tasks.engine.cluster import die_with
from tests.support.polling import until
from tests.support.processes import Proc, proc

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S = 90.0  # on a machine that does much else


class Web:
    def __init__(self, popen: "subprocess.Popen[bytes]", port: int) -> None:
        self.popen = popen
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.seen: set[Proc] = set()

    def get(self, path: str, *, timeout_s: float = 10.0) -> requests.Response:
        return requests.get(f"{self.address}{path}", timeout=timeout_s)

    def answers(self, path: str, status: int) -> bool:
        try:
            return self.get(path).status_code == status
        except requests.RequestException:
            assert self.popen.poll() is None, "the service ended as it started"
            return False

    def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        self.seen |= set(proc(self.popen.pid).tree)
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(30)

    @property
    def survivors(self) -> list[Proc]:
        return [one for one in self.seen if one.alive]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def up(folder: Path, *, web: int = 1, **environment: str) -> Iterator[Web]:
    """Run the service until the block ends; it is ready when the block begins."""
    port, parent = free_port(), os.getpid()
    command = [
        sys.executable,
        "manage.py",
        "up",
        "--port",
        str(port),
        "--web",
        str(web),
    ]
    unset = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "DEBUG")
    inherited = {k: v for k, v in os.environ.items() if k not in unset}
    with (folder / "up.log").open("wb") as log:
        popen = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**inherited, "VAR_DIR": str(folder), **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: die_with(parent),
        )
    service = Web(popen, port)
    try:
        ready = "all parts answered"
        until(
            lambda: service.answers("/readyz", 200),
            within_s=STARTS_WITHIN_S,
            what=ready,
        )
        yield service
    finally:
        if popen.poll() is None:
            service.stop()
