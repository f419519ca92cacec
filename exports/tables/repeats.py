"""Which rows repeat an earlier one, found in bounded memory."""

from collections.abc import Iterator
from contextlib import ExitStack

import polars as pl

from exports.tables.spool import Spool

BUFFER_ROWS = 4_000_000  # 64 MB; below that nothing touches the disk
PARTS = 64


class Repeats:
    """Keeps 16 bytes a row: a 64-bit hash of its key, and its number.

    Past the buffer they go to temporary files, cut by the hash so that equal keys meet
    in one file; one file at a time is looked at in the end. Of ten million different
    keys two share a hash with a chance of three in a million.
    """

    def __init__(self, resources: ExitStack) -> None:
        self.resources = resources
        self.buffer: list[pl.DataFrame] = []
        self.buffered = 0
        self.spools: list[Spool] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Take the columns `hash` and `row`, in the order of the rows."""
        self.buffer.append(rows)
        self.buffered += rows.height
        if self.buffered >= BUFFER_ROWS:
            self.spill()

    def found(self) -> Iterator[pl.DataFrame]:
        """Give the columns `row` and `first`, the row that it repeats."""
        if self.spools:
            self.spill()
            parts = (pl.concat(spool.replay()) for spool in self.spools)
            return (repeats_in(part) for part in parts)
        return iter([repeats_in(pl.concat(self.buffer))] if self.buffer else [])

    def spill(self) -> None:
        if not self.buffer:
            return
        if not self.spools:
            self.spools = [Spool(self.resources) for _ in range(PARTS)]
        rows = pl.concat(self.buffer)
        for part, spool in enumerate(self.spools):
            spool.add(rows.filter(pl.col("hash") % PARTS == part))
        self.buffer, self.buffered = [], 0


def repeats_in(rows: pl.DataFrame) -> pl.DataFrame:
    first = pl.col("hash").is_first_distinct()
    repeated = rows.filter(~first)
    firsts = rows.filter(first).rename({"row": "first"})
    return repeated.join(firsts, on="hash", how="left").select("row", "first")
