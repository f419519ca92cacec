"""Which columns go out, under which names, in which order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from polars import selectors

from exports.tables.errors import BadHeader, UnknownColumn

NAMES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ColumnInput:
    """A column of the source by its place, as contract 003 asks for it."""

    name: str  # its new name; empty keeps the old one
    column: int | None = None  # from zero, in the order of first appearance
    change_order: int | None = None  # the slot it goes to, from zero


def inputs_transform(
    inputs: Sequence[ColumnInput], columns: Sequence[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what to rename, old name to new, and the new names in their order.

    An input without `column`, or with one that is negative or too large, is ignored
    whole: its `change_order` has nothing to move. A column goes to its slot, clamped
    to the table; of two in one slot, or two inputs for one column, the later wins.
    What has no slot fills the gaps in the order it had. Raises BadHeader when two
    columns would have one name. Contract 3.4.1.
    """
    rename, olds = read_inputs(inputs, columns, columns)
    return rename, tuple(renamed(olds, rename))


def read_inputs(
    inputs: Sequence[ColumnInput], columns: Sequence[str], kept: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
    """Return what to rename, and the old names of the columns kept in their order."""
    left = set(kept)
    rename: dict[str, str] = {}
    slots: dict[str, int] = {}
    for one in inputs:
        if one.column is None or not 0 <= one.column < len(columns):
            continue
        old = columns[one.column]
        if old not in left:
            continue
        if one.name:
            rename[old] = one.name
        if one.change_order is not None:
            slots.pop(old, None)  # the later input also takes its slot later
            slots[old] = one.change_order
    return rename, placed(kept, slots)


def placed(names: Sequence[str], slots: Mapping[str, int]) -> list[str]:
    """Put names into their slots, the later of two in one, and fill the gaps."""
    taken: dict[int, str] = {}
    for name, slot in slots.items():
        taken[min(max(slot, 0), len(names) - 1)] = name
    seated = set(taken.values())
    rest = (name for name in names if name not in seated)
    return [taken[at] if at in taken else next(rest) for at in range(len(names))]


def renamed(kept: Iterable[str], rename: Mapping[str, str]) -> dict[str, str]:
    """Return the old name of each new one. Raises BadHeader."""
    olds: dict[str, str] = {}
    for old in kept:
        new = rename.get(old, old)
        if new != old and (not new.strip() or "\0" in new):
            raise BadHeader(f"A column cannot be called {new!r}.", column=old)
        if new in olds:
            raise BadHeader(clash(olds[new], old, new), column=new)
        olds[new] = old
    return olds


def clash(one: str, other: str, new: str) -> str:
    if one == other:
        return f"Column {one!r} is asked for twice."
    return f"Columns {one!r} and {other!r} would both be called {new!r}."


def require(names: Iterable[str], known: Mapping[str, object]) -> None:
    """Raise UnknownColumn for the first name that is not known."""
    for name in names:
        if name not in known:
            message = f"There is no column {name!r}. {known_names(known)}"
            raise UnknownColumn(message, column=name)


def known_names(known: Mapping[str, object]) -> str:
    if not known:
        return "The table has no columns."
    shown = ", ".join(repr(name) for name in list(known)[:NAMES_SHOWN])
    more = len(known) - NAMES_SHOWN
    return f"Known are: {shown}{f' and {more:,} more' if more > 0 else ''}."


def unused(name: str, known: Mapping[str, object]) -> str:
    """Return a name that no column has."""
    while name in known:
        name += "_"
    return name


def cell(name: str) -> pl.Expr:
    """Return the column of this very name; `pl.col` takes some names as patterns."""
    if name == "*" or (name.startswith("^") and name.endswith("$")):
        return selectors.by_name(name).as_expr()
    return pl.col(name)


def cells(names: Iterable[str]) -> list[pl.Expr]:
    return [cell(name) for name in names]
