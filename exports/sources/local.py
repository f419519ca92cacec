"""One file of this machine, read by another thread."""

import io
from pathlib import Path
from threading import Event

from exports.sources.incoming import Guarded
from exports.tables import Table, open_table
from exports.tables.types import Frames


class LocalFile:
    def __init__(self, path: Path, declared: str | None = None) -> None:
        self.path = path
        self.total: int | None = path.stat().st_size
        self.taken = 0  # bytes, by the furthest position
        self._declared = declared
        self._table: Table | None = None
        self._stopped = Event()

    @property
    def first_row(self) -> int:
        return self._table.first_row if self._table else 2

    def stop(self) -> None:
        """Have the reading fail soon."""
        self._stopped.set()

    def frames(self) -> Frames:
        name = self.path.name
        if self._declared and self.path.suffix not in {".gz", ".zip"}:
            name = f"{self.path.stem}.{self._declared}"
        with self.path.open("rb") as file:
            guarded = Guarded(file, self._stopped)
            with open_table(io.BufferedReader(guarded, 1 << 20), name=name) as table:
                self._table = table
                for frame in table.frames:
                    self.taken = max(self.taken, file.tell())
                    yield frame
