"""What changed between two tables, by a key or by whole rows."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self

import polars as pl

from exports.tables.as_text import as_text
from exports.tables.match import CHANGE, PLACE, ROW, marked, paired, turned, unequal
from exports.tables.parts import Parts
from exports.tables.types import Schema

PART_BYTES = 16 << 20
MOST_PARTS = 256

SIDE = "side"


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of both tables, each under a name that none of ours can have."""

    common: dict[str, str]  # name in the tables: name in here
    only_before: dict[str, str]
    only_after: dict[str, str]

    @classmethod
    def of(cls, before: Iterable[str], after: Iterable[str]) -> Self:
        old, new = dict.fromkeys(before), dict.fromkeys(after)
        return cls(
            {name: f"c{n}" for n, name in enumerate(new) if name in old},
            {name: f"b{n}" for n, name in enumerate(old) if name not in new},
            {name: f"a{n}" for n, name in enumerate(new) if name not in old},
        )


@dataclass(slots=True)
class Counts:
    """Rows by what became of them; those equal in all common columns are in none."""

    before: int = 0
    after: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0


@dataclass(slots=True)
class Side:
    """One of the two tables, as far as it was read."""

    parts: Parts
    cells: dict[str, str]
    rows: int = 0

    def add(self, frame: pl.DataFrame) -> None:
        cells = [as_text(n, frame.schema[n]).alias(c) for n, c in self.cells.items()]
        row = pl.int_range(self.rows, self.rows + frame.height, dtype=pl.Int64)
        self.parts.add(frame.select(*cells, row.alias(ROW)))
        self.rows += frame.height


class TableDiff:
    """Takes all frames of both tables, then gives the rows that differ.

    Cells are compared as text, in the columns that both tables have. Rows with the
    same key are matched: equal ones first, then in their order, so that a key that
    repeats is no error. Without a key, or where a table lacks its columns, rows are
    equal as a whole or not at all. Memory holds one part of both tables at a time:
    about 16 MiB of each by `size_bytes`, the larger table's size.
    """

    def __init__(
        self,
        before: Sequence[str],
        after: Sequence[str],
        *,
        key: Sequence[str] = (),
        size_bytes: int = 0,
    ) -> None:
        self.before_columns, self.after_columns = list(before), list(after)
        self.layout = Layout.of(before, after)
        self.key = list(key) if set(key) <= set(self.layout.common) else []
        self.counts = Counts()
        self.resources = ExitStack()
        self.part_count = min(MOST_PARTS, 1 + size_bytes // PART_BYTES)
        self.before = self.side(self.layout.common | self.layout.only_before)
        self.after = self.side(self.layout.common | self.layout.only_after)

    def side(self, cells: dict[str, str]) -> Side:
        schema: Schema = {name: pl.String() for name in cells.values()}
        by = self.matched or [ROW]
        parts = Parts(
            self.resources, {**schema, ROW: pl.Int64()}, by=by, count=self.part_count
        )
        return Side(parts, cells)

    @property
    def matched(self) -> list[str]:
        """Name the columns by which rows are matched."""
        common = self.layout.common
        return [common[name] for name in self.key or common]

    @property
    def cells(self) -> dict[str, str]:
        """Map the names of all columns, the later table's first, to ours."""
        layout = self.layout
        known = layout.common | layout.only_after | layout.only_before
        return {name: known[name] for name in (*self.after_columns, *known)}

    @property
    def change_column(self) -> str:
        """Name the first column of what differs: `change`, unless it is taken."""
        name = CHANGE
        while name in self.cells:
            name = f"_{name}"
        return name

    @property
    def columns(self) -> list[str]:
        return [self.change_column, *self.cells]

    def column_changes(self) -> dict[str, Any]:
        common = self.layout.common
        orders = [
            [name for name in names if name in common]
            for names in (self.before_columns, self.after_columns)
        ]
        return {
            "added": list(self.layout.only_after),
            "removed": list(self.layout.only_before),
            "reordered": orders[0] != orders[1],
        }

    def changes(self) -> Iterator[pl.DataFrame]:
        """Give what differs, a frame for each part: removed rows, then the others.

        `change` is removed, added, or changed-before with changed-after below it.
        Within a part rows stand in their tables' order.
        """
        self.counts = Counts(before=self.before.rows, after=self.after.rows)
        for part in range(self.part_count):
            removed, added = self.before.parts.take(part), self.after.parts.take(part)
            if self.layout.common:
                removed, added = unequal(removed, added, [*self.layout.common.values()])
            yield self.told(removed, added)

    def told(self, removed: pl.DataFrame, added: pl.DataFrame) -> pl.DataFrame:
        pairs = paired(removed, added, self.matched if self.key else [])
        self.counts.changed += pairs.height
        self.counts.removed += removed.height - pairs.height
        self.counts.added += added.height - pairs.height
        # A removed row has no place among the others: it goes above them.
        above = pl.col(PLACE).fill_null(pl.col(ROW) - self.before.rows)
        old = marked(removed, pairs, ("removed", "changed-before"))
        new = marked(added, turned(pairs), ("added", "changed-after"))
        sides = [
            old.with_columns(above, pl.lit(0).alias(SIDE)),
            new.with_columns(pl.col(ROW).alias(PLACE), pl.lit(1).alias(SIDE)),
        ]
        whole = pl.concat(sides, how="diagonal").sort(PLACE, SIDE)
        names = {CHANGE: self.change_column}
        names |= {cell: name for name, cell in self.cells.items()}
        return whole.select(pl.col(cell).alias(name) for cell, name in names.items())

    def close(self) -> None:
        self.resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
