"""The rule language: filters over events whose keys may have many values."""

from exports.tables.rules.compile import rule_expr as rule_expr
from exports.tables.rules.matches import matches as matches
from exports.tables.rules.parse import parse_rule as parse_rule
from exports.tables.rules.text import rule_text as rule_text
from exports.tables.rules.tree import Rule as Rule
