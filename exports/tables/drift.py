"""Pages of one table whose columns do not agree, and what changed on which page."""

from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from exports.tables.preview import type_name
from exports.tables.unify import Types, common, long_integers, settled

CAP = 100

What = Literal["appeared", "vanished", "changed"]


@dataclass(frozen=True, slots=True)
class Drift:
    page: int
    column: str
    what: What
    had: str = ""  # the type before and after, if it changed, as Table Schema says
    has: str = ""

    def __str__(self) -> str:
        if self.what == "changed":
            return (
                f"Page {self.page}: column {self.column!r} holds {self.has} values"
                f" where it held {self.had} values."
            )
        return f"Page {self.page}: column {self.column!r} {self.what}."


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page says about the columns."""

    page: int
    schema: Types
    long: set[str]  # columns with integers that a Float64 might not hold


@dataclass(slots=True)
class SchemaMerge:
    """The one schema of all pages: columns in the order in which they first appeared.

    Add every page, then take `schema` and bring each page to it with `conformed`,
    which keeps all that the pages said: types that nothing but text can hold together
    become text, and a column that a page lacks is null there. `drifts` names, once for
    each column, where it appeared after the first page, where it first was missing,
    and each time that it took a wider type to hold it. A page without columns, as an
    empty one is, says nothing.
    """

    cap: int = CAP
    drifts: list[Drift] = field(default_factory=list)
    types: Types = field(default_factory=dict)
    missed: set[str] = field(default_factory=set)
    long: set[str] = field(default_factory=set)  # no Float64 for these
    unreported: int = 0  # drifts beyond the cap
    # What has told anything new: another merge that sees these knows as much.
    told: list[Seen] = field(default_factory=list)

    @property
    def schema(self) -> Types:
        return settled(self.types)

    def add(self, page: int, frame: pl.DataFrame) -> None:
        """Take the columns of a page; its number is for the report alone."""
        if frame.width:
            self.see(Seen(page, dict(frame.schema), long_integers(frame)))

    def see(self, seen: Seen) -> None:
        before = dict(self.types), len(self.long), len(self.missed)
        self.long |= seen.long
        self.widen(seen)
        for name in self.types:
            if name not in seen.schema and name not in self.missed:
                self.missed.add(name)
                self.report(Drift(seen.page, name, "vanished"))
        if before != (self.types, len(self.long), len(self.missed)):
            self.told.append(seen)

    def widen(self, seen: Seen) -> None:
        is_first = not self.types
        for name, dtype in seen.schema.items():
            known = self.types.get(name)
            if known is None and not is_first:
                self.report(Drift(seen.page, name, "appeared"))
            self.types[name] = self.widened(seen.page, name, known, dtype)

    def widened(
        self, page: int, name: str, known: pl.DataType | None, dtype: pl.DataType
    ) -> pl.DataType:
        if known is None:
            return dtype
        wide = common(known, dtype)
        if wide.is_float() and name in self.long:
            wide = pl.String()
        had, has = type_name(known), type_name(dtype)
        unseen = isinstance(known, pl.Null) or isinstance(dtype, pl.Null)
        if wide != known and had != has and not unseen:
            self.report(Drift(page, name, "changed", had, has))
        return wide

    def report(self, drift: Drift) -> None:
        if len(self.drifts) < self.cap:
            self.drifts.append(drift)
        else:
            self.unreported += 1
