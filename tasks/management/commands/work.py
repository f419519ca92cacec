"""Run the workers of this host."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tasks.engine.supervisor import Supervisor


class Command(BaseCommand):
    help = "Run this host's workers until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workers", type=int, default=settings.WORKERS)

    def handle(self, *, workers: int, **options: Any) -> None:
        if workers < 1:
            raise CommandError("--workers must be 1 or more.")
        self.stderr.write(f"{workers} workers wait for jobs.")
        Supervisor(workers=workers).run()
