"""Rules as canonical text; reading it again gives the same rule."""

import json
import re

from exports.tables.rules.domains import domain_text, read_domain
from exports.tables.rules.networks import network_text, read_network
from exports.tables.rules.scan import WORD
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
    Regexp,
    Rule,
    Text,
)

WORDS = frozenset({"and", "in", "no", "not", "or"})


def rule_text(rule: Rule) -> str:
    match rule:
        case Anything():
            return "*"
        case Match() | Differ():
            return compared(rule)
        case Fuzzy(Text(value)):
            return alone(value)
        case Fuzzy(atom):
            return atom_text(atom)
        case No(inner):
            return f"no {operand(inner)}"
        case And() | Or():
            return joined(rule)


def joined(rule: And | Or) -> str:
    """Write brackets only where they count: what comes last may be of the other kind.

    So the text never is nested deeper than what was read.
    """
    word, other = (" and ", Or) if isinstance(rule, And) else (" or ", And)
    last = rule.rules[-1]
    tail = rule_text(last) if isinstance(last, other) else operand(last)
    return word.join([*map(operand, rule.rules[:-1]), tail])


def operand(rule: Rule) -> str:
    text = rule_text(rule)
    return f"({text})" if isinstance(rule, And | Or) else text


def compared(rule: Match | Differ) -> str:
    key = "*" if rule.key is None else string(rule.key)
    atom = "*" if rule.atom is None else atom_text(rule.atom)
    if isinstance(rule.atom, Network | Domain):
        return f"{key} {'in' if isinstance(rule, Match) else 'not in'} {atom}"
    return f"{key}{'=' if isinstance(rule, Match) else '!='}{atom}"


def atom_text(atom: Atom) -> str:
    match atom:
        case Text(value):
            return string(value)
        case Regexp(pattern, ignore_case):
            return f"/{slashed(pattern)}/{'i' * ignore_case}"
        case Network():
            return network_text(atom)
        case Domain():
            return domain_text(atom)


def slashed(pattern: str) -> str:
    return re.sub(
        r"\\.|/", lambda m: r"\/" if m[0] == "/" else m[0], pattern, flags=re.DOTALL
    )


def alone(value: str) -> str:
    """Quote a text that would be an address or a name if it stood alone."""
    place = read_network(value) or read_domain(value)
    return json.dumps(value, ensure_ascii=False) if place else string(value)


def string(value: str) -> str:
    plain = WORD.fullmatch(value) and value.lower() not in WORDS
    plain = plain and not value.endswith(("<", ">"))
    return value if plain else json.dumps(value, ensure_ascii=False)
