"""Sorted rows in a temporary file, taken from their front as they are needed."""

from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, field

import polars as pl

from exports.tables.spool import Place, Spool

BLOCK_BYTES = 256 << 10
COLUMN_BYTES = 1 << 10  # what a column costs in a block, however little it holds


@dataclass(slots=True)
class Run:
    """Rows in order: those in memory come before those in the file."""

    places: deque[Place] = field(default_factory=deque)
    loaded: deque[pl.DataFrame] = field(default_factory=deque)
    rows: int = 0  # in memory
    row_bytes: float = 1

    @property
    def is_over(self) -> bool:
        return not (self.rows or self.places)

    def drop(self, count: int) -> None:
        """Forget the first rows in memory."""
        self.rows -= count
        while count:
            frame = self.loaded.popleft()
            if frame.height > count:
                self.loaded.appendleft(frame.slice(count))
            count -= min(frame.height, count)


class Runs:
    """The file of all runs of one table."""

    def __init__(self, resources: ExitStack) -> None:
        self.spool = Spool(resources)

    def extend(self, run: Run, rows: pl.DataFrame) -> Run:
        """Add rows to the end of a run, in blocks that are cheap to hold."""
        if not rows.height:
            return run
        run.row_bytes = max(rows.estimated_size() / rows.height, 1)
        block_bytes = max(BLOCK_BYTES, rows.width * COLUMN_BYTES)
        for block in rows.iter_slices(max(int(block_bytes / run.row_bytes), 1)):
            run.places.append(self.spool.add(block))
        return run

    def load(self, run: Run, size_bytes: float) -> None:
        """Bring rows into memory until there are so many, if less than half are."""
        wanted = max(size_bytes / run.row_bytes, 1)
        if run.rows > wanted / 2:
            return
        while run.places and run.rows < wanted:
            frame = self.spool.read(run.places.popleft())
            run.loaded.append(frame)
            run.rows += frame.height
