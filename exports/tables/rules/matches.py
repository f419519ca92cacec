"""Rules on one event at a time: slow and plain, the compiler is measured by it."""

from collections.abc import Iterator, Mapping

import polars as pl

from exports.tables.as_text import as_text
from exports.tables.rules.domains import read_name
from exports.tables.rules.networks import read_network
from exports.tables.rules.regexps import engine_pattern
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

Event = Mapping[str, list[str]]


def matches(rule: Rule, event: Mapping[str, object]) -> bool:
    """Tell whether an event is meant; a value is a text, a scalar or a list of them."""
    texts = {key: value_texts(value) for key, value in event.items()}
    return meant(rule, {key: values for key, values in texts.items() if values})


def value_texts(value: object) -> list[str]:
    """Return the texts of a key's values; a key without values is none."""
    listed = value if isinstance(value, list | tuple) else [value]
    return [scalar_text(one) for one in listed if one is not None]


def scalar_text(value: object) -> str:
    if isinstance(value, str):
        return value
    cell = pl.DataFrame({"cell": [value]})
    return str(cell.select(as_text("cell", cell.schema["cell"])).item())


def meant(rule: Rule, event: Event) -> bool:
    match rule:
        case Anything():
            return True
        case No(inner):
            return not meant(inner, event)
        case And(rules):
            return all(meant(part, event) for part in rules)
        case Or(rules):
            return any(meant(part, event) for part in rules)
        case _:
            return any(verdicts(rule, event))


def verdicts(rule: Match | Differ | Fuzzy, event: Event) -> Iterator[bool]:
    """Yield what a basic rule says of each value, or each key, that it asks."""
    match rule:
        case Match(key, atom):
            yield from (atom is None or holds(atom, v) for v in values(event, key))
        case Differ(key, atom):
            yield from (atom is None or not holds(atom, v) for v in values(event, key))
        case Fuzzy(atom):
            yield from (found(atom, text) for text in (*event, *values(event, None)))


def values(event: Event, key: str | None) -> list[str]:
    if key is None:
        return [value for listed in event.values() for value in listed]
    return event.get(key, [])


def found(atom: Atom, text: str) -> bool:
    if isinstance(atom, Text):
        return folded(atom.value) in folded(text)
    return holds(atom, text)


def holds(atom: Atom, text: str) -> bool:
    match atom:
        case Text(value):
            return text == value
        case Regexp():
            return bool(pl.Series([text]).str.contains(engine_pattern(atom)).item())
        case Network(version, first, last):
            net = read_network(text)
            if net is None or net.version != version:
                return False
            return first <= net.first and net.last <= last
        case Domain(wanted, below):
            name = read_name(text) or ""
            return name.endswith("." + wanted) if below else name == wanted


def folded(text: str) -> str:
    """Fold case letter by letter, as Unicode's simple folding does."""
    return "".join(map(folded_letter, text))


def folded_letter(letter: str) -> str:
    for fold in (str.casefold, str.lower):
        if len(fold(letter)) == 1:
            return fold(letter)
    return letter
