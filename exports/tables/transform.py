"""What is done to a table between reading and writing it, step by step."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import polars as pl

from exports.tables.aggregates import Aggregate
from exports.tables.cast import Caster, Misfit
from exports.tables.columns import (
    ColumnInput,
    cell,
    cells,
    read_inputs,
    renamed,
    require,
    unused,
)
from exports.tables.declared import Types, caster_of
from exports.tables.errors import TableError
from exports.tables.filtering import kept_rows
from exports.tables.groups import Grouping, bind_grouping
from exports.tables.sorting import Sorting, SortKey
from exports.tables.types import Frames, Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """A request; `bind` turns it into steps for one table.

    The steps, in this order, and whose names they speak:

    1. `types` casts columns of the source; a cell that does not fit becomes null.
    2. `filter` keeps rows, by the source's columns with their declared types.
    3. `group_by` and `aggregates` put rows together, by the source's columns. From
       here on the columns are the keys and the aggregates' names.
    4. `select` keeps columns, and `rename` names them, both by the names so far.
    5. `inputs` speak of the source's columns by their place, whatever was dropped
       since. Where both name a column, `rename` counts; `order` counts above theirs.
       It has the output's names; columns that it leaves out follow as they were.
    6. `sort` has the output's names, and for columns that do not go out, or go out
       under another name, those of step 4.
    7. `limit` keeps the first rows.

    Text stays text until `types` says otherwise: it is filtered, sorted and compared
    as text. Only sums and means read it as numbers.
    """

    types: Types = field(default_factory=dict)
    filter: str = ""
    group_by: tuple[str, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    select: tuple[str, ...] = ()  # empty keeps all
    rename: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[ColumnInput, ...] = ()
    order: tuple[str, ...] = ()
    sort: tuple[SortKey, ...] = ()
    limit: int | None = None  # rows

    def bind(self, schema: Schema, *, first_row: int = 2) -> "BoundTransform":
        """Check the request against a table whose data begin in `first_row`.

        Raises UnknownColumn, BadHeader, BadSchema, BadRule or WrongType.
        """
        if self.limit is not None and self.limit < 0:
            raise TableError("The limit must not be negative.")
        caster = caster_of(self.types, schema, first_row=first_row)
        row = unused("row", schema)
        grouping = self.bind_grouping(caster.schema, row)
        made = caster.schema if grouping is None else grouping.schema
        sources = self.bind_columns(list(schema), made)
        keys = self.bind_sort(sources, made)
        # What goes out under no name but sorts goes along until then.
        along = sources | {k.column: k.column for k in keys if k.column not in sources}
        types = {new: made[old] for new, old in along.items()}
        return BoundTransform(
            schema={new: made[old] for new, old in sources.items()},
            caster=caster,
            keep=kept_rows(self.filter, caster.schema) if self.filter else None,
            row=row,
            grouping=grouping,
            sources=along,
            sorting=Sorting(keys, types, limit=self.limit) if keys else None,
            limit=self.limit,
        )

    def bind_grouping(self, schema: Schema, row: str) -> Grouping | None:
        if not self.group_by and not self.aggregates:
            return None
        return bind_grouping(self.group_by, self.aggregates, schema, row)

    def bind_columns(self, source: Sequence[str], schema: Schema) -> dict[str, str]:
        """Return the old name of each column that goes out, in order."""
        require((*self.select, *self.rename), schema)
        kept = list(renamed(self.select or schema, {}))  # none of them twice
        rename, kept = read_inputs(self.inputs, source, kept)
        olds = renamed(kept, {**rename, **self.rename})
        require(self.order, olds)
        return {new: olds[new] for new in dict.fromkeys((*self.order, *olds))}

    def bind_sort(self, sources: Mapping[str, str], schema: Schema) -> list[SortKey]:
        """Return the keys by the names that the columns go out with, if they do."""
        require([k.column for k in self.sort], {**sources, **schema})
        news = {old: new for new, old in sources.items()}
        return [
            k
            if k.column in sources
            else replace(k, column=news.get(k.column, k.column))
            for k in self.sort
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundTransform:
    """The steps for one table, to be run once."""

    schema: Schema  # of what comes out
    caster: Caster
    keep: pl.Expr | None
    row: str  # a name that no column has
    grouping: Grouping | None
    sources: Mapping[str, str]  # new name: name before; with columns only to sort by
    sorting: Sorting | None
    limit: int | None

    def run(self, frames: Frames, resources: ExitStack) -> Frames:
        """Give the frames of the result; `resources` hold a temporary file, if any.

        Without groups and sorting a frame goes out for each that comes in. Otherwise
        empty ones come first, one for each short step, so that a caller can stop: no
        thread is at work in between.
        """
        frames = self.kept(frames)
        if self.grouping is not None:
            frames = self.grouping.run(frames)
        frames = map(self.named, frames)
        if self.sorting is not None:
            frames = self.sorting.run(frames, resources)
        frames = (frame.select(cells(self.schema)) for frame in frames)
        yield from frames if self.limit is None else limited(frames, self.limit)

    @property
    def failed(self) -> int:
        """How many cells did not fit the type that was declared, or needed."""
        return self.caster.failed + (self.grouping.failed if self.grouping else 0)

    @property
    def misfits(self) -> list[Misfit]:
        """The first of those cells; rows are numbered as in the source."""
        more = self.grouping.misfits if self.grouping else []
        return [*self.caster.misfits, *more][: self.caster.cap]

    def kept(self, frames: Frames, *, numbered: bool = False) -> Frames:
        """Give the rows that the filter keeps, with their numbers if anybody asks."""
        for frame in frames:
            first = self.caster.row
            cells = self.caster.cast(frame)
            if numbered or self.grouping is not None:
                end = first + frame.height
                cells = cells.with_columns(
                    pl.int_range(first, end, eager=True).alias(self.row)
                )
            yield cells if self.keep is None else cells.filter(self.keep)

    def named(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.select(cell(o).alias(n) for n, o in self.sources.items())


def limited(frames: Frames, limit: int) -> Frames:
    """Give the first rows, and read no further than they need."""
    for frame in frames:
        yield frame.head(limit)
        limit -= min(frame.height, limit)
        if not limit:
            return
