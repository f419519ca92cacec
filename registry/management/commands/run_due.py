"""Fetch again what is due, without waiting for a supervisor."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from registry import schedules
from registry.errors import RegistryError
from registry.models import Dataset
from registry.spec import SpecError
from tasks.errors import Refused


class Command(BaseCommand):
    help = "Fetch all that is due once more; prints the new revisions' ids on stdout."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dataset", metavar="OWNER/NAME", help="Only this one, and due or not."
        )

    def handle(self, *, dataset: str | None, **options: Any) -> None:
        if dataset is None:
            self._run_due()
        else:
            self._run_now(dataset)

    def _run_due(self) -> None:
        at, missed = timezone.now(), 0
        # Each round leaves fewer that are due at that time.
        while Dataset.objects.due(at=at).exists():
            for turn in schedules.fire_due(at=at):
                if turn.revision:
                    self.stdout.write(turn.revision.flow_id)
                else:
                    self.stderr.write(f"{turn.dataset}: {turn.missed}")
                    missed += 1
        if missed:
            raise CommandError(f"{missed} due datasets were not fetched.")

    def _run_now(self, name: str) -> None:
        try:
            revision = schedules.run_now(dataset=_find(name), at=timezone.now())
        except (RegistryError, SpecError, Refused) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(revision.flow_id)


def _find(name: str) -> Dataset:
    owner, _, of_owner = name.partition("/")
    dataset = Dataset.objects.of_owner(owner).filter(name=of_owner).first()
    if dataset is None:
        raise CommandError(f"There is no dataset {name!r}.")
    return dataset
