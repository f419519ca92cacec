"""Run the whole service in one terminal."""

import os
import shutil
import signal
import subprocess
import sys
from ipaddress import ip_address
from time import monotonic, sleep
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

STOP_WITHIN_S = 28.0
LARGEST_FRAME_BYTES = 1 << 20  # of a WebSocket


class Command(BaseCommand):
    help = "Migrate, then run web and workers until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=settings.WORKERS)
        parser.add_argument("--web", type=int, default=os.cpu_count() or 1)

    def handle(
        self, *, host: str, port: int, workers: int, web: int, **options: Any
    ) -> None:
        if not _is_loopback(host) and not os.environ.get("ALLOWED_HOSTS"):
            raise CommandError("ALLOWED_HOSTS must name the hosts that are served.")
        call_command("migrate", verbosity=0, interactive=False)
        if not os.environ.get("SECRET_KEY"):
            self.stderr.write("SECRET_KEY is not set: using var/secret_key.")
        self._stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        children = [
            subprocess.Popen(  # noqa: S603 - our own words
                _web(host, port, web), env={**os.environ, **_metrics_folder()}
            ),
            subprocess.Popen(_work(workers)),  # noqa: S603
        ]
        self.stderr.write(f"Entrepot is at http://{host}:{port}/ (Ctrl-C stops it)")
        failed = self._wait(children)
        if failed:
            raise CommandError("A part of the service ended by itself; all is stopped.")

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _wait(self, children: list[subprocess.Popen[bytes]]) -> bool:
        """Wait for a signal or a death, stop all; True if it was a death."""
        while not self._stopping and all(c.poll() is None for c in children):
            sleep(0.1)
        failed = not self._stopping
        for child in children:
            child.terminate()
        until = monotonic() + STOP_WITHIN_S
        for child in children:
            try:
                child.wait(max(0.1, until - monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
        return failed


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _metrics_folder() -> dict[str, str]:
    """Empty the folder in which the web processes add up their metrics."""
    folder = settings.VAR_DIR / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return {"PROMETHEUS_MULTIPROC_DIR": str(folder)}


def _web(host: str, port: int, processes: int) -> list[str]:
    return [
        *(sys.executable, "-m", "uvicorn", "config.asgi:application"),
        *("--host", host, "--port", str(port), "--workers", str(processes)),
        *("--log-level", "warning", "--no-access-log", "--no-server-header"),
        *("--timeout-graceful-shutdown", "10", "--lifespan", "on"),
        *("--ws", "config.frames:Frames", "--ws-ping-interval", "20"),
        *("--ws-max-size", str(LARGEST_FRAME_BYTES)),
        # A frame is short, and the memory for each connection's dictionary is not.
        *("--ws-ping-timeout", "20", "--ws-per-message-deflate", "false"),
    ]


def _work(workers: int) -> list[str]:
    return [sys.executable, sys.argv[0], "work", "--workers", str(workers)]
