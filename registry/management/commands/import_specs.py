"""Submit every spec of a folder, each as its owner, without a token or a quota."""

from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from registry import elsewhere, services
from registry.errors import NotAuthorised, RefreshFailed
from registry.models import Revision
from registry.spec import SpecError
from tasks.errors import Refused

LONGEST_WAIT_S = 10


class Command(BaseCommand):
    help = (
        "Submit each *.json of a folder, in the order of their names. The ids of the"
        " new revisions are printed on stdout, what became of each file on stderr."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument(
            "--wait",
            action="store_true",
            help="Wait for room where there is too much unfinished work.",
        )

    def handle(self, *, folder: Path, wait: bool, **options: Any) -> None:
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder.")
        files = sorted(folder.glob("*.json"))
        width = max((len(file.name) for file in files), default=0)
        refused = 0
        for file in files:
            try:
                revision = _submit(file, upload=_patient if wait else _upload)
            except Refusal as refusal:
                refused += 1
                self._tell(file, width, "refused", str(refusal))
            else:
                self.stdout.write(revision.flow_id)
                self._tell(file, width, "taken", revision.flow_id)
        self._end(taken=len(files) - refused, refused=refused)

    def _tell(self, file: Path, width: int, word: str, more: str) -> None:
        lines = more.splitlines() or [""]
        indent = "\n" + " " * (width + 11)
        self.stderr.write(f"{file.name:<{width}}  {word:<7}  {indent.join(lines)}")

    def _end(self, *, taken: int, refused: int) -> None:
        if taken:
            try:
                elsewhere.refresh()
            except RefreshFailed as error:
                raise CommandError(str(error)) from None
        if refused:
            raise CommandError(f"{taken} taken, {refused} refused.")
        self.stderr.write(f"{taken} taken, none refused.")


class Refusal(Exception):
    """Why a file was not taken."""


def _submit(file: Path, *, upload: Callable[[Any], Revision]) -> Revision:
    try:
        return upload(orjson.loads(file.read_bytes()))
    except OSError as error:
        raise Refusal(error.strerror) from None
    except orjson.JSONDecodeError as error:
        raise Refusal(f"not JSON: {error}") from None
    except (NotAuthorised, SpecError, Refused) as error:
        raise Refusal(str(error)) from None


def _upload(contents: Any) -> Revision:
    return services.upload(contents=contents, max_datasets=None, at=timezone.now())


def _patient(contents: Any) -> Revision:
    while True:
        try:
            return _upload(contents)
        except Refused as refused:
            sleep(min(refused.retry_after_s, LONGEST_WAIT_S))
