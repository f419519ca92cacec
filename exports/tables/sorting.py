"""Rows in order, in memory that does not grow with them."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from copy import copy
from dataclasses import dataclass
from itertools import accumulate

import polars as pl

from exports.tables.aggregates import comparable
from exports.tables.columns import require
from exports.tables.runs import Run, Runs
from exports.tables.types import Frames, Schema

RUN_BYTES = 24 << 20  # sorted at once
MERGE_BYTES = 16 << 20  # of all runs that are merged at once
FAN_IN = 64
OUT_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class SortKey:
    """Nulls and empty texts come last either way; NaN is above all numbers."""

    column: str
    descending: bool = False


class Sorting:
    """Sorts the frames of one table; rows with equal keys keep their order.

    Sorted runs go to a temporary file and are merged from there. Text is compared by
    the code points of its characters. Every step is short: while rows are only read
    and kept, empty frames come out, after each of which a caller can stop.
    Raises UnknownColumn or WrongType.
    """

    def __init__(
        self, keys: Sequence[SortKey], schema: Schema, *, limit: int | None = None
    ) -> None:
        require([key.column for key in keys], schema)
        self.by = [comparable(key.column, schema[key.column]) for key in keys]
        self.descending = [key.descending for key in keys]
        self.limit = limit
        self.waiting = pl.DataFrame(schema=schema)

    def then_by(self, column: str, dtype: pl.DataType) -> "Sorting":
        """Return the same order, with one more column that decides between equals."""
        wider = copy(self)
        wider.by = [*self.by, pl.col(column)]
        wider.descending = [*self.descending, False]
        wider.waiting = self.waiting.with_columns(pl.lit(None, dtype).alias(column))
        return wider

    def run(self, frames: Frames, resources: ExitStack) -> Frames:
        runs = Runs(resources)
        made: list[Run] = []
        rows: list[pl.DataFrame] = []
        size = 0
        for frame in frames:
            yield self.waiting
            rows.append(frame)
            size += int(frame.estimated_size())
            if size >= RUN_BYTES:
                made.append(runs.extend(Run(), self.sorted(rows)))
                rows, size = [], 0
        if not made:
            yield from cut(self.sorted(rows))
            return
        made.append(runs.extend(Run(), self.sorted(rows)))
        del rows
        while len(made) > FAN_IN:
            made = yield from self.fewer(made, runs)
        for merged in self.merged(made, runs):
            yield from cut(merged)

    def sorted(self, frames: list[pl.DataFrame]) -> pl.DataFrame:
        """Return the rows of all frames in order, no more than can ever come out."""
        rows = pl.concat([self.waiting, *frames], rechunk=True)
        order = self.order_of(rows)
        return rows[order if self.limit is None else order.head(self.limit)]

    def order_of(self, rows: pl.DataFrame) -> pl.Series:
        """Return the numbers of the rows in their order."""
        order = pl.arg_sort_by(
            self.by, descending=self.descending, nulls_last=True, maintain_order=True
        )
        return rows.select(order).to_series()

    def fewer(
        self, made: list[Run], runs: Runs
    ) -> Generator[pl.DataFrame, None, list[Run]]:
        """Merge neighbours into longer runs, with which rows keep their order."""
        longer = []
        for at in range(0, len(made), FAN_IN):
            run = Run()
            for rows in self.merged(made[at : at + FAN_IN], runs):
                runs.extend(run, rows)
                yield self.waiting
            longer.append(run)
        return longer

    def merged(self, open_runs: list[Run], runs: Runs) -> Frames:
        """Give the rows of all runs in order.

        Of what is in memory, those rows are certain that come no later than the last
        row of every run that goes on in the file.
        """
        share = MERGE_BYTES / len(open_runs)
        while open_runs := [run for run in open_runs if not run.is_over]:
            for run in open_runs:
                runs.load(run, share)
            ends = list(accumulate(run.rows for run in open_runs))
            rows = pl.concat([f for run in open_runs for f in run.loaded], rechunk=True)
            order = self.order_of(rows)
            lasts = [
                end - 1 for r, end in zip(open_runs, ends, strict=True) if r.places
            ]
            if lasts:
                order = order.head((order.is_in(lasts).arg_max() or 0) + 1)
            yield rows[order]
            taken_from = pl.Series(ends).search_sorted(order, side="right")
            for number, run in enumerate(open_runs):
                run.drop(int((taken_from == number).sum()))


def cut(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cut rows into frames of a size that writers like; give at least one."""
    if not rows.height:
        return iter([rows])
    row_bytes = rows.estimated_size() / rows.height
    return rows.iter_slices(max(int(OUT_BYTES / max(row_bytes, 1)), 1))
