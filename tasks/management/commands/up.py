"""Run the whole service in one terminal."""

import os
import signal
import subprocess
import sys
from time import monotonic, sleep
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tasks.management.serving import check_hosts, web_command, web_environment

STOP_WITHIN_S = 28.0


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
        check_hosts(host)
        call_command("migrate", verbosity=0, interactive=False)
        if not os.environ.get("SECRET_KEY"):
            self.stderr.write("SECRET_KEY is not set: using var/secret_key.")
        self._stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        children = [
            subprocess.Popen(  # noqa: S603 - our own words
                web_command(host=host, port=port, processes=web),
                env=web_environment(),
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


def _work(workers: int) -> list[str]:
    return [sys.executable, sys.argv[0], "work", "--workers", str(workers)]
