"""Rules as Polars expressions over the columns of a frame.

A column is a key. Null, an empty list and a list of nulls mean that an event lacks the
key; an empty text is a value like others. A typed value is compared by its text, as
files show it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

import polars as pl

from exports.tables.as_text import text_of
from exports.tables.columns import cell
from exports.tables.errors import BadRule
from exports.tables.rules.tree import (
    And,
    Anything,
    Atom,
    Differ,
    Domain,
    Fuzzy,
    Match,
    Network,
    No,
    Or,
    Rule,
    Text,
)
from exports.tables.rules.values import either, equal_to, holds, parts_of

MOST_TESTS = 20_000
# Of these that ask for addresses or names, which take ten times as long; but a table
# may be asked twice, however wide it is.
MOST_PLACES, PLACES_PER_COLUMN = 400, 2

Columns: TypeAlias = Mapping[str, pl.DataType]
Truth: TypeAlias = pl.Expr | bool  # a bool where no row is needed to know


def rule_expr(rule: Rule, schema: Columns) -> pl.Expr:
    """Return an expression that is true or false for each row, never null.

    Raises BadRule for a rule with too many tests for a table this wide.
    """
    truth = Compiler(schema).rule(rule)
    return pl.lit(truth) if isinstance(truth, bool) else truth


@dataclass(frozen=True, slots=True)
class Test:
    """What is asked of a value."""

    atoms: tuple[Atom, ...]  # all of one kind; one of them is enough
    part: bool = False  # a text may be a part of the value, in any case
    negative: bool = False

    def of(self, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        found = self.found(value, dtype)
        return ~found & value.is_not_null() if self.negative else found

    def found(self, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        if not isinstance(self.atoms[0], Text):
            if isinstance(self.atoms[0], Network | Domain) and is_plain(dtype):
                return value.is_not_null() & pl.lit(value=False)
            return holds(text(value, dtype), self.atoms)
        texts = [atom.value for atom in cast("tuple[Text, ...]", self.atoms)]
        if self.part:
            return parts_of(text(value, dtype), texts)
        if dtype.is_integer():
            return value.is_in(typed(texts, dtype).implode())
        return equal_to(text(value, dtype), texts)


def text(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return value if dtype == pl.String else text_of(value, dtype)


def is_plain(dtype: pl.DataType) -> bool:
    """Tell whether no text of the type is an address or a name."""
    return dtype.is_numeric() or dtype.is_temporal() or dtype == pl.Boolean


def typed(texts: list[str], dtype: pl.DataType) -> pl.Series:
    """Keep the texts that are a value's text, as values: the column need not change."""
    wanted = pl.Series(texts, dtype=pl.String)
    values = wanted.cast(dtype, strict=False)
    return values.filter((values.cast(pl.String) == wanted).fill_null(value=False))


@dataclass(slots=True)
class Compiler:
    schema: Columns
    tests: int = 0
    places: int = 0

    def rule(self, rule: Rule) -> Truth:
        match rule:
            case Anything():
                return True
            case No(inner):
                return negation(self.rule(inner))
            case And(rules):
                return self.every(rules)
            case Or(rules):
                return self.some(rules)
            case _:
                return self.some([rule])

    def every(self, rules: Iterable[Rule]) -> Truth:
        """Gather what must not be: it is found together, as alternatives are."""
        wanted: list[Rule] = []
        unwanted: list[Rule] = []
        for rule in rules:
            match rule:
                case No(inner):
                    unwanted.append(inner)
                case Differ(str(key), Text() as atom) if self.is_single(key):
                    wanted.append(Match(key, None))
                    unwanted.append(Match(key, atom))
                case _:
                    wanted.append(rule)
        parts = [self.rule(rule) for rule in dict.fromkeys(wanted)]
        return conjunction([*parts, negation(self.some(unwanted))])

    def some(self, rules: Iterable[Rule]) -> Truth:
        """Gather what is asked of the same values into one test."""
        parts: list[Truth] = []
        groups: dict[tuple[object, ...], dict[Rule, Atom]] = {}
        for rule in rules:
            match rule:
                case Match(key, None) | Differ(key, None):
                    parts.append(self.has(key))
                case Match(key, atom) if atom:
                    groups.setdefault((Match, key, type(atom)), {})[rule] = atom
                case Differ(key, atom) if atom:
                    groups.setdefault((Differ, key, told_apart(atom)), {})[rule] = atom
                case Fuzzy(atom):
                    groups.setdefault((Fuzzy, type(atom)), {})[rule] = atom
                case _:
                    parts.append(self.rule(rule))
        parts.extend(self.leaves(group) for group in groups.values())
        return disjunction(parts)

    def leaves(self, group: dict[Rule, Atom]) -> Truth:
        """Compile rules that differ by their atoms only."""
        atoms = tuple(group.values())
        match next(iter(group)):
            case Match(key, _):
                return self.value(key, Test(atoms))
            case Differ(key, _):
                if len(atoms) > 1:  # no value is equal to two texts
                    return self.has(key)
                return self.value(key, Test(atoms, negative=True))
            case _:
                return self.anywhere(Test(atoms, part=True))

    def anywhere(self, test: Test) -> Truth:
        """Test the names of the columns now, their values row by row."""
        names = pl.Series("key", list(self.schema), dtype=pl.String)
        named = names.to_frame().select(test.of(pl.col("key"), pl.String()))
        hits = zip(self.schema, named.to_series(), strict=True)
        return disjunction(
            [self.has(name) if hit else self.value(name, test) for name, hit in hits]
        )

    def value(self, key: str | None, test: Test) -> Truth:
        if key is None:
            return disjunction([self.value(name, test) for name in self.schema])
        if key not in self.schema:
            return False
        self.count()
        if isinstance(test.atoms[0], Network | Domain):
            self.count_place()
        dtype = self.schema[key]
        if isinstance(dtype, pl.List):
            inner = cast("pl.DataType", dtype.inner)
            seen = cell(key).list.eval(test.of(pl.element(), inner)).list.any()
        else:
            seen = test.of(cell(key), dtype)
        return seen.fill_null(value=False)

    def has(self, key: str | None) -> Truth:
        if key is None:
            return disjunction([self.has(name) for name in self.schema])
        if key not in self.schema:
            return False
        self.count()
        if isinstance(self.schema[key], pl.List):
            filled = cell(key).list.drop_nulls().list.len() > 0
            return filled.fill_null(value=False)
        return cell(key).is_not_null()

    def is_single(self, key: str) -> bool:
        return not isinstance(self.schema.get(key), pl.List)

    def count(self) -> None:
        self.tests += 1
        if self.tests > MOST_TESTS:
            said = f"This rule needs more than {MOST_TESTS} tests on this table"
            raise BadRule(f"{said} of {len(self.schema)} columns.", position=0)

    def count_place(self) -> None:
        self.places += 1
        columns = len(self.schema)
        most = max(MOST_PLACES, PLACES_PER_COLUMN * columns)
        if self.places > most:
            said = f"This rule needs more than {most} tests for addresses or names"
            raise BadRule(f"{said} on this table of {columns} columns.", position=0)


def told_apart(atom: Atom) -> object:
    return type(atom) if isinstance(atom, Text) else atom


def negation(truth: Truth) -> Truth:
    return not truth if isinstance(truth, bool) else ~truth


def disjunction(parts: list[Truth]) -> Truth:
    exprs = [part for part in parts if isinstance(part, pl.Expr)]
    if any(part is True for part in parts):
        return True
    return either(exprs) if exprs else False


def conjunction(parts: list[Truth]) -> Truth:
    exprs = [part for part in parts if isinstance(part, pl.Expr)]
    if any(part is False for part in parts):
        return False
    if len(exprs) > 1:
        return pl.all_horizontal(exprs)
    return exprs[0] if exprs else True
