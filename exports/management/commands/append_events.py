"""Append the events of a file to the stream of a share."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from exports import appending
from exports.events import BadEvents
from exports.models import Share
from tasks.errors import Overloaded


class Command(BaseCommand):
    help = "Append FILE, a JSON array or NDJSON; the batch's number is printed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("share", type=UUID)
        parser.add_argument("file", type=Path)

    def handle(self, *, share: UUID, file: Path, **options: Any) -> None:
        found = Share.objects.select_related("stream").filter(pk=share).first()
        if found is None:
            raise CommandError(f"There is no share {share}.")
        try:
            with file.open("rb") as events:
                made = appending.append_file(stream=found.stream, file=events)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None
        except BadEvents as error:
            raise CommandError(f"{file}: {error}") from None
        except Overloaded as error:
            raise CommandError(str(error)) from None
        self.stderr.write(f"{made.batch.rows} events are now in {found.stream}.")
        self.stdout.write(str(made.batch.number))
