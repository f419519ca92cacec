"""A count of hostile inputs, and of what each kind of them should not have done."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

SHOWN = 300


@dataclass
class Tally:
    """What was tried at one place; the lists name the inputs that went wrong."""

    what: str
    tried: int = 0
    accepted: list[str] = field(default_factory=list)  # and should have been refused
    faults: list[str] = field(default_factory=list)  # a 5xx, or a crash of ours
    leaked: list[str] = field(default_factory=list)  # a secret, or what is inside

    @property
    def wrong(self) -> list[str]:
        kinds = {
            "accepted": self.accepted,
            "fault": self.faults,
            "leaked": self.leaked,
        }
        return [
            f"{kind}: {one[:SHOWN]}" for kind, all_ in kinds.items() for one in all_
        ]

    def judge(self, name: object, status: int, *, refused: bool) -> None:
        """Count an input that should have been refused, by its answer."""
        self.tried += 1
        if status >= 500:
            self.faults.append(f"{name} ({status})")
        elif not refused:
            self.accepted.append(f"{name} ({status})")

    def must_not_break(self, name: object, status: int) -> None:
        """Count an input that may be taken or refused, but not break anything."""
        self.judge(name, status, refused=True)

    def keep(self) -> None:
        """Add it to the rows of a run that collects them."""
        if folder := os.environ.get("SECURITY_ROWS"):
            line = json.dumps({**asdict(self), "wrong": self.wrong})
            with (Path(folder) / f"{os.getpid()}.jsonl").open("a") as rows:
                rows.write(line + "\n")
