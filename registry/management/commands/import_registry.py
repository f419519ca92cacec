"""Read what export_registry wrote into this registry."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry.backup import FILES, ROWS
from registry.backup.files import copy_files
from registry.backup.read import Restored, read
from registry.errors import BackupError
from tasks.archive.store import LocalStore
from tasks.archive.stored import store


class Command(BaseCommand):
    help = (
        "Add what a backup has and this registry has not, all of it or nothing."
        " A revision that is here and is another one stops it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="FILE|DIR")

    def handle(self, *, path: Path, **options: Any) -> None:
        rows = path / ROWS if path.is_dir() else path
        try:
            # The files first: no row is ever about one that is yet to come.
            self._copy(rows.parent / FILES)
            with rows.open(encoding="utf-8", newline="\n") as lines:
                restored = read(lines)
        except (OSError, UnicodeError, BackupError) as error:
            raise CommandError(str(error)) from None
        self._tell(restored)

    def _copy(self, folder: Path) -> None:
        if folder.is_dir():
            source = LocalStore(folder)
            copied, _ = copy_files(source.digests(), source=source, target=store())
            self.stderr.write(f"{copied} files are new here.")

    def _tell(self, restored: Restored) -> None:
        lacking = sum(not store().exists(digest) for digest in restored.digests)
        self.stderr.write(
            f"{restored.datasets} datasets and {restored.revisions} revisions are new"
            f" here, {restored.known} revisions were here already."
        )
        if restored.started:
            self.stderr.write(f"{restored.started} revisions had not ended and go on.")
        if lacking:
            self.stderr.write(f"{lacking} files are not in the store.")
