"""Events of a log that are asked for, read in windows of neighbouring rows."""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import groupby
from operator import or_

import polars as pl

from exports.events.bounds import Place, bounds_of, turned
from exports.events.chunks import Chunk, Table, chunks_of
from exports.events.columns import as_type, union
from exports.events.files import Files
from exports.events.log import Ask, Log
from exports.events.names import AT, INSERTED, ROW, SEQ, TIME
from exports.tables.rules import rule_expr

FIRST_ROWS = 200_000  # of the first window with a filter; then twice as many each time
MOST_ROWS = 1_000_000


class Scan:
    """Reads what is asked of a log."""

    def __init__(self, log: Log, ask: Ask, files: Files) -> None:
        self._ask = ask
        self._bounds = bounds_of(log, ask)
        self.chunks = sorted(chunks_of(log, ask, files), key=self._near)
        tables = {id(chunk.table): chunk.table for chunk in self.chunks}
        self._rules = {n: self._compiled(table) for n, table in tables.items()}
        types = union(table.types for table in tables.values())
        keys = ask.keys
        self._shown = {n: t for n, t in types.items() if keys is None or n in keys}

    def _compiled(self, table: Table) -> list[pl.Expr]:
        rules = [rule_expr(rule, table.types) for rule in self._ask.rules]
        return [*rules, *self._times()]

    def _times(self) -> Iterator[pl.Expr]:
        start, end = self._ask.times
        if start is not None:
            yield pl.col(TIME) >= start
        if end is not None:
            yield pl.col(TIME) < end

    def _near(self, chunk: Chunk) -> Place:
        return turned(chunk.high) if self._ask.reverse else chunk.low

    def windows(self, most: int) -> Iterator[list[Chunk]]:
        """Cut the chunks in their order, so that the first may be enough."""
        rows = FIRST_ROWS if self._ask.is_sifted else most
        window: list[Chunk] = []
        for chunk in self.chunks:
            window.append(chunk)
            if sum(one.rows for one in window) >= rows:
                yield window
                window, rows = [], min(2 * rows, MOST_ROWS)
        if window:
            yield window

    def is_past(self, window: list[Chunk], last: Place) -> bool:
        """Tell whether all of a window comes after a place."""
        near = self._near(window[0])
        return near > (turned(last) if self._ask.reverse else last)

    def read(
        self, window: Iterable[Chunk], last: Place | None = None
    ) -> Iterator[pl.DataFrame]:
        """Yield the events of a window, but not those that are later than a place."""
        for rows in self._inside(window):
            types = rows.collect_schema()
            shown = (as_type(n, types.get(n), t) for n, t in self._shown.items())
            found = rows.filter(*self._not_after(last)).select(AT, SEQ, *shown)
            yield found.collect()

    def _not_after(self, last: Place | None) -> Iterator[pl.Expr]:
        at = pl.col(AT)
        if last:
            yield at >= last[0] if self._ask.reverse else at <= last[0]

    def count(self, window: Iterable[Chunk]) -> int:
        """Count events without reading those that need no look."""
        window = list(window)
        sure = [] if self._ask.is_sifted else [c for c in window if self._is_whole(c)]
        unsure = [chunk for chunk in window if chunk not in sure]
        frames = (rows.select(pl.len()).collect() for rows in self._inside(unsure))
        return sum(chunk.rows for chunk in sure) + sum(int(f.item()) for f in frames)

    def _is_whole(self, chunk: Chunk) -> bool:
        return self._bounds.hold(chunk.low, chunk.high, chunk.min_seq, chunk.max_seq)

    def _inside(self, window: Iterable[Chunk]) -> Iterator[pl.LazyFrame]:
        by_table = sorted(window, key=lambda chunk: (chunk.min_seq, chunk.first or 0))
        for _, group in groupby(by_table, key=lambda chunk: id(chunk.table)):
            chunks = list(group)
            table = chunks[0].table
            rows = table.rows.with_columns(table.stamp.alias(INSERTED))
            rows = rows.filter(*row_ranges(chunks))
            if not all(map(self._is_whole, chunks)):
                rows = rows.filter(*self._bounds.exprs())
            yield rows.filter(*self._rules[id(table)])

    def first(self, frames: Sequence[pl.DataFrame], most: int) -> pl.DataFrame:
        """Return the first events of frames, in order."""
        filled = [frame for frame in frames if frame.height]
        if not filled:
            return frames[0]
        events = pl.concat(filled)
        by = pl.arg_sort_by(AT, SEQ, descending=self._ask.reverse)
        order = events.select(by.head(most)).to_series()
        if order.is_sorted() and order.item(-1) == order.len() - 1:
            return events.head(most)  # they are in order, as most logs are
        # Out of several chunks, rows are gathered several times as slowly.
        return events.rechunk().select(pl.all().gather(order))


def row_ranges(chunks: Sequence[Chunk]) -> Iterator[pl.Expr]:
    """Yield what keeps a scan to the rows of some chunks of one table."""
    spans: list[list[int]] = []
    for chunk in chunks:
        if chunk.first is None:
            return
        if spans and spans[-1][1] == chunk.first:
            spans[-1][1] += chunk.rows
        else:
            spans.append([chunk.first, chunk.first + chunk.rows])
    inside = (pl.col(ROW).is_between(a, b, closed="left") for a, b in spans)
    yield reduce(or_, inside)
