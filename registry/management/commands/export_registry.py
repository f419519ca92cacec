"""Write the registry to files: a backup that import_registry reads."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry.backup import FILES, ROWS
from registry.backup.files import copy_files
from registry.backup.write import lines
from registry.errors import BackupError
from tasks.archive.store import LocalStore
from tasks.archive.stored import store


class Command(BaseCommand):
    help = (
        "Write owners, datasets, revisions, pipelines, outputs and what is known of"
        " their files as JSON lines. The path of the file is printed on stdout."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="FILE|DIR")
        parser.add_argument(
            "--files", action="store_true", help="The stored files too, into DIR/files."
        )

    def handle(self, *, path: Path, files: bool, **options: Any) -> None:
        rows = path / ROWS if files or path.is_dir() else path
        try:
            rows.parent.mkdir(parents=True, exist_ok=True)
            digests = _write(rows)
            missing = self._copy(digests, path / FILES) if files else []
        except (OSError, BackupError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(str(rows))
        if missing:
            told = "".join(f"\n  {digest}" for digest in missing)
            raise CommandError(f"{len(missing)} files are not in the store:{told}")

    def _copy(self, digests: set[str], folder: Path) -> list[str]:
        copied, missing = copy_files(digests, source=store(), target=LocalStore(folder))
        self.stderr.write(f"{copied} files copied of {len(digests)}.")
        return missing


def _write(path: Path) -> set[str]:
    """Write beside the file and rename, so that it is never there by half."""
    digests: set[str] = set()
    part = path.with_name(f"{path.name}.part")
    # Specs may hold URLs that are secrets.
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with part.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(lines(digests))
    part.replace(path)
    return digests
