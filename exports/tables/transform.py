"""Which columns go out, under which names, in which order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import polars as pl

from exports.tables.errors import BadHeader, UnknownColumn
from exports.tables.types import Schema

NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Transform:
    """A request; `bind` turns it into steps for one table.

    Select and rename speak of columns by their names in the source, order by their
    new names. Columns that order leaves out follow in the order they have.
    """

    select: tuple[str, ...] = ()  # empty keeps all
    rename: Mapping[str, str] = field(default_factory=lambda: NONE)
    order: tuple[str, ...] = ()

    def bind(self, schema: Schema) -> "BoundTransform":
        """Check the request against a table. Raises UnknownColumn or BadHeader."""
        require((*self.select, *self.rename), schema)
        kept = self.select or tuple(schema)
        renamed: dict[str, str] = {}
        for name in kept:
            new = self.rename.get(name, name)
            if new in renamed:
                raise BadHeader(f"Two columns would be called {new!r}.", column=new)
            renamed[new] = name
        require(self.order, renamed)
        ordered = dict.fromkeys((*self.order, *renamed))
        sources = {new: renamed[new] for new in ordered}
        return BoundTransform(sources, {n: schema[s] for n, s in sources.items()})


@dataclass(frozen=True, slots=True)
class BoundTransform:
    """The steps for one table. Filter, sort and group will be further steps here."""

    sources: Mapping[str, str]  # new name: name in the source
    schema: Schema

    def apply(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.select(pl.col(old).alias(new) for new, old in self.sources.items())


def require(names: tuple[str, ...], known: Mapping[str, object]) -> None:
    for name in names:
        if name not in known:
            raise UnknownColumn(f"There is no column {name!r}.", column=name)
