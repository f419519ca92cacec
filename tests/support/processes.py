"""The processes below one that a test started, by their place in the tree."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Proc:
    """A process, told from a later one with its pid by the time it started."""

    pid: int
    started: int

    @property
    def alive(self) -> bool:
        seen = _read(self.pid)
        return seen is not None and seen[0] == self.started

    def kill(self, number: int = signal.SIGKILL) -> None:
        if self.alive:
            os.kill(self.pid, number)

    @property
    def children(self) -> list["Proc"]:
        """Return its living children, the oldest first."""
        found = []
        for folder in PROC.glob("[0-9]*"):
            seen = _read(int(folder.name))
            if seen and seen[1] == self.pid:
                found.append(Proc(int(folder.name), seen[0]))
        return sorted(found, key=lambda child: (child.started, child.pid))

    @property
    def tree(self) -> list["Proc"]:
        below = [grand for child in self.children for grand in child.tree]
        return [self, *below]


def proc(pid: int) -> Proc:
    seen = _read(pid)
    assert seen, f"process {pid} is gone"
    return Proc(pid, seen[0])


def _read(pid: int) -> tuple[int, int] | None:
    """Return when a process started and its parent; None when it is gone."""
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else (int(fields[19]), int(fields[1]))
