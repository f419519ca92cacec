"""Atoms as Polars expressions over texts; where a text is null, the answer may be."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import cast

import polars as pl

from exports.tables.rules.domains import LABEL, Names, read_name
from exports.tables.rules.domains import LONGEST as LONGEST_NAME
from exports.tables.rules.networks import Ranges, ipv4_pattern, joined, read_network
from exports.tables.rules.regexps import engine_pattern
from exports.tables.rules.tree import Atom, Domain, Network, Regexp, Text

LARGEST_PATTERN = 32_768  # characters of what one regular expression looks for
PADDING = r"[ \t\r\n]*"


def holds(value: pl.Expr, atoms: Sequence[Atom]) -> pl.Expr:
    """Tell whether one of the atoms, all of one kind, means the text."""
    match atoms[0]:
        case Text():
            return equal_to(value, [a.value for a in cast("Sequence[Text]", atoms)])
        case Regexp():
            patterns = map(engine_pattern, cast("Sequence[Regexp]", atoms))
            return either(value.str.contains(pattern) for pattern in patterns)
        case Network():
            return inside(value, cast("Sequence[Network]", atoms))
        case Domain():
            return named(value, cast("Sequence[Domain]", atoms))


def either(tests: Iterable[pl.Expr]) -> pl.Expr:
    parts = list(tests)
    return parts[0] if len(parts) == 1 else pl.any_horizontal(parts)


def equal_to(value: pl.Expr, texts: Sequence[str]) -> pl.Expr:
    if len(texts) == 1:
        return value == texts[0]
    return value.is_in(pl.Series(texts, dtype=pl.String).implode())


def parts_of(value: pl.Expr, texts: Sequence[str]) -> pl.Expr:
    """Tell whether one of the texts is a part of the value, in any case."""
    escaped = list(map(pl.escape_regex, texts))
    return either(value.str.contains(f"(?i){part}") for part in alternatives(escaped))


def alternatives(patterns: Iterable[str]) -> Iterator[str]:
    """Join patterns, but no more at once than the engine takes with ease."""
    chosen: list[str] = []
    size = 0
    for pattern in patterns:
        if chosen and size + len(pattern) > LARGEST_PATTERN:
            yield "|".join(chosen)
            chosen, size = [], 0
        chosen.append(pattern)
        size += len(pattern)
    yield "|".join(chosen)


def inside(value: pl.Expr, networks: Sequence[Network]) -> pl.Expr:
    """Find single IPv4 addresses by pattern, all else by reading each text once."""
    patterns = [ipv4_pattern(net) for net in joined(networks) if net.version == 4]
    others = [rf"^{PADDING}[0-9.]+{PADDING}[/-]"] * bool(patterns)
    if any(net.version == 6 for net in networks):
        others.append(rf"^{PADDING}[0-9A-Fa-f.]*:")
    few = pl.col("text").str.contains("|".join(others))
    tests = [distinct(value, few, partial(inside_one, Ranges(networks)))]
    if patterns:
        whole = (f"^{PADDING}(?:{part}){PADDING}$" for part in alternatives(patterns))
        tests.extend(value.str.contains(pattern) for pattern in whole)
    return either(tests)


def inside_one(ranges: Ranges, text: str) -> bool:
    net = read_network(text)
    return net is not None and ranges.hold(net)


def named(value: pl.Expr, domains: Sequence[Domain]) -> pl.Expr:
    """Find ASCII names as they are, all others by reading each text once."""
    exact = alternatives(re.escape(d.name) for d in domains if not d.below)
    below = alternatives(re.escape(d.name) for d in domains if d.below)
    patterns = [rf"(?i)^(?:{part})$" for part in exact if part]
    patterns += [rf"(?i)^(?:{LABEL}\.)+(?:{part})$" for part in below if part]
    short = value.str.len_bytes() <= LONGEST_NAME
    tests = [short & value.str.contains(pattern) for pattern in patterns]
    few = pl.col("text").str.len_bytes() != pl.col("text").str.len_chars()
    return either([*tests, distinct(value, few, partial(named_one, Names(domains)))])


def named_one(names: Names, text: str) -> bool:
    name = read_name(text)
    return name is not None and names.have(name)


def distinct(value: pl.Expr, few: pl.Expr, says: Callable[[str], bool]) -> pl.Expr:
    """Ask a Python function once about each distinct text among the few."""
    return value.map_batches(
        partial(ask_once, few, says), return_dtype=pl.Boolean, is_elementwise=True
    )


def ask_once(few: pl.Expr, says: Callable[[str], bool], texts: pl.Series) -> pl.Series:
    asked = texts.filter(
        texts.alias("text").to_frame().select(few).to_series()
    ).unique()
    hits = pl.Series([text for text in asked if says(text)], dtype=pl.String)
    return texts.is_in(hits.implode())
