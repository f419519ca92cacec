"""Run the web processes of this host."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tasks.management.serving import check_hosts, web_command, web_environment


class Command(BaseCommand):
    help = "Run this host's web processes, without workers or migrations."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)

    def handle(self, *, host: str, port: int, processes: int, **options: Any) -> None:
        if processes < 1:
            raise CommandError("--processes must be 1 or more.")
        check_hosts(host)
        self.stderr.write(f"{processes} web processes at http://{host}:{port}/")
        # In our place, so that whoever started us has its signals reach the server.
        command = web_command(host=host, port=port, processes=processes)
        os.execve(sys.executable, command, web_environment())  # noqa: S606 - our words
