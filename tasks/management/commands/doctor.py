"""Check this deployment from end to end."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tasks.doctor import CHECKS, Finding, State, examine

COLOURS = {State.OK: "SUCCESS", State.DOUBT: "WARNING", State.FAULT: "ERROR"}


class Command(BaseCommand):
    help = "Check this deployment: settings, database, store, workers and the rest."
    requires_system_checks = []  # they are among what is told

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *, as_json: bool, **options: Any) -> None:
        found = []
        for finding in examine(CHECKS):
            found.append(finding)
            if not as_json:
                self._show(finding)
        faults = [one.name for one in found if one.state == State.FAULT]
        if as_json:
            told = {"ok": not faults, "checks": [asdict(one) for one in found]}
            self.stdout.write(json.dumps(told, indent=2))
        if faults:
            raise CommandError(f"Broken: {', '.join(faults)}.")

    def _show(self, finding: Finding) -> None:
        colour = getattr(self.style, COLOURS.get(finding.state, ""), str)
        state = colour(f"{finding.state:<6}")
        self.stdout.write(f"{state}  {finding.name:<13}  {finding.message}")
