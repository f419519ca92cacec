"""Which rows a filter keeps, written in the rule language."""

from collections.abc import Iterator

import polars as pl

from exports.tables.columns import require
from exports.tables.rules import Rule, parse_rule, rule_expr
from exports.tables.rules.tree import And, Differ, Match, No, Or
from exports.tables.types import Schema


def kept_rows(text: str, schema: Schema) -> pl.Expr:
    """Return whether a row is kept. Raises BadRule or UnknownColumn.

    To the rule language a key that no event has is no fault, but a table has columns:
    one that it lacks is a slip, and would silently keep all rows or none.
    """
    rule = parse_rule(text)
    require(columns_of(rule), schema)
    return rule_expr(rule, schema)


def columns_of(rule: Rule) -> Iterator[str]:
    match rule:
        case Match(str(key), _) | Differ(str(key), _):
            yield key
        case No(inner):
            yield from columns_of(inner)
        case And(rules) | Or(rules):
            for one in rules:
                yield from columns_of(one)
        case _:
            return
