"""Make a client."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from tasks import services


class Command(BaseCommand):
    help = "Make a client; its name is printed on stdout."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--destination",
            action="append",
            default=[],
            metavar="URL",
            help="A URL it may have data delivered to; may be given several times.",
        )

    def handle(self, *, name: str, destination: list[str], **options: Any) -> None:
        try:
            client = services.create_client(name=name, destinations=destination)
        except IntegrityError:
            raise CommandError(f"There is a client {name!r} already.") from None
        self.stdout.write(client.name)
