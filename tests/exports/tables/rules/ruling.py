"""Rules made at random: as trees, as text in loose writing, and events to ask."""

import json
import re
from ipaddress import IPv4Address, IPv6Address

from hypothesis import strategies as st

from exports.tables.rules.networks import masked
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

KEYS = ["a", "ip", "name", "Ä key", "no", "and", "x>"]
WORDS = [
    "a",
    "A",
    "ab",
    "",
    "ä",
    "Ä",
    "é\u0301",
    "ς",
    "Σ",
    "ß",
    "ẞ",
    "\n",
    '"\\/',
    "🙂",
]
WORDS += [
    "1",
    "01",
    "true",
    "k",
    "\u212a",
    "İ",
    "i",
    "no",
    "x y",
    "10.0.0.1",
    "foo.bar",
]
IPS = ["10.0.0.1", "10.0.0.1 ", "10.0.0.255", "10.0.0.0/24", "10.0.0.0/8", "010.0.0.1"]
IPS += ["10.0.0.3 - 10.0.0.1", "10.0.0.1-10.0.1.7", "9.255.255.255", "::1", "::1%eth0"]
IPS += [
    "2001:DB8::1",
    "2001:db8::/32",
    "::ffff:10.0.0.1",
    "1.2.3",
    "10.0.0.1/33",
    "::/0",
]
NAMES = ["example.com", "EXAMPLE.com", "www.example.com", "a.b.example.com", "com"]
NAMES += [
    "bücher.example",
    "www.BÜCHER.example",
    "xn--bcher-kva.example",
    "x_y.example.com",
]
NAMES += ["xexample.com", "-.example.com", "1.2", "example.com.", "\u212ax.example.com"]
VALUES = [*WORDS, *IPS, *NAMES]
PATTERNS = [
    "a",
    "^a",
    "b$",
    "^$",
    "a.b",
    "[äé]",
    r"\d+",
    r"\.",
    "a|ß",
    "/",
    r"\\",
    "(a)(b)?",
]

addresses = st.one_of(
    st.integers(0x0A000000 - 2, 0x0A000000 + 600), st.integers(0, 2**32 - 1)
)


def spans(version: int, numbers: st.SearchStrategy[int]) -> st.SearchStrategy[Network]:
    bits = 32 if version == 4 else 128
    cidr = st.builds(masked, st.just(version), numbers, st.integers(0, bits))
    ends = st.tuples(numbers, numbers).map(sorted)
    return st.one_of(
        cidr.filter(lambda net: net is not None),
        ends.map(lambda pair: Network(version, *pair)),
        numbers.map(lambda number: Network(version, number, number)),
    )


networks = st.one_of(
    spans(4, addresses),
    spans(6, st.integers(0x20010DB8 << 96, (0x20010DB8 << 96) + 9)),
    spans(6, st.integers(0, 2**128 - 1)),
)
domains = st.builds(
    Domain,
    st.sampled_from(
        ["example.com", "b.example.com", "xn--bcher-kva.example", "foo.bar"]
    ),
    st.booleans(),
)
texts = st.one_of(st.sampled_from(VALUES), st.text(max_size=3)).map(Text)
regexps = st.builds(Regexp, st.sampled_from(PATTERNS), st.booleans())
atoms: st.SearchStrategy[Atom] = st.one_of(texts, texts, regexps, networks, domains)
keys = st.one_of(st.none(), st.sampled_from(KEYS), st.sampled_from(KEYS))
basics: st.SearchStrategy[Rule] = st.one_of(
    st.builds(Match, keys, st.one_of(st.none(), atoms)),
    st.builds(Match, keys, texts),
    st.builds(Differ, keys, st.one_of(st.none(), atoms)),
    st.builds(Fuzzy, atoms),
    st.just(Anything()),
)


def grown(rules: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    several = st.lists(rules, min_size=2, max_size=5).map(tuple)
    return st.one_of(
        st.builds(No, rules), st.builds(And, several), st.builds(Or, several)
    )


rules: st.SearchStrategy[Rule] = st.recursive(basics, grown, max_leaves=8)

scalars = st.one_of(st.none(), st.sampled_from(VALUES), st.text(max_size=4))
events = st.fixed_dictionaries(
    {
        "a": scalars,
        "ip": st.one_of(st.none(), st.sampled_from(IPS)),
        "name": st.one_of(st.none(), st.sampled_from(NAMES)),
        "Ä key": st.one_of(st.none(), st.lists(scalars, max_size=3)),
        "and": st.one_of(st.none(), st.integers(-2, 3)),
    }
)


class Writer:
    """Writes a rule as a person might: blanks, brackets and cases as they come."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def flip(self) -> bool:
        return self.draw(st.booleans())

    def gap(self, least: int = 0) -> str:
        return self.draw(st.text(" \t\r\n", min_size=least, max_size=2))

    def word(self, word: str) -> str:
        return "".join(c.upper() if self.flip() else c for c in word)

    def rule(self, rule: Rule) -> str:
        return f"{self.gap()}{self.bare(rule)}{self.gap()}"

    def bare(self, rule: Rule) -> str:
        match rule:
            case No(inner):
                return f"{self.word('no')}{self.gap(1)}{self.operand(inner)}"
            case And(parts):
                return self.chain("and", parts, Or)
            case Or(parts):
                return self.chain("or", parts, And)
            case Fuzzy(atom):
                return self.atom(atom, alone=True)
            case Match() | Differ():
                return self.key(rule.key) + self.tail(rule)
            case Anything():
                return "*"

    def tail(self, rule: Match | Differ) -> str:
        same = isinstance(rule, Match)
        if isinstance(rule.atom, Network | Domain):
            negative = "" if same else self.word("not") + self.gap(1)
            within = f"{negative}{self.word('in')}{self.gap(1)}"
            return f"{self.gap(1)}{within}{self.atom(rule.atom)}"
        sign = self.draw(st.sampled_from(["=", "=="])) if same else "!="
        return f"{self.gap()}{sign}{self.gap()}{self.value(rule.atom)}"

    def chain(self, word: str, parts: tuple[Rule, ...], other: type[Rule]) -> str:
        written = self.operand(parts[0])
        for part in parts[1:]:
            open_end = part is parts[-1] and isinstance(part, other) and self.flip()
            tail = self.bare(part) if open_end else self.operand(part)
            before = self.gap(0 if written.endswith(")") else 1)
            after = self.gap(0 if tail.startswith("(") else 1)
            written += f"{before}{self.word(word)}{after}{tail}"
        return written

    def operand(self, rule: Rule) -> str:
        if isinstance(rule, And | Or) or self.flip():
            return f"({self.rule(rule)})"
        return self.bare(rule)

    def key(self, key: str | None) -> str:
        if key is None:
            return "*"
        return self.string(key, quote=key == "no" or key.endswith((">", "<")))

    def value(self, atom: Atom | None) -> str:
        return "*" if atom is None else self.atom(atom)

    def atom(self, atom: Atom, *, alone: bool = False) -> str:
        match atom:
            case Text(value):
                return self.string(value, quote=alone)
            case Regexp(pattern, ignore_case):
                slashed = re.sub(r"(\\.)|/", lambda m: m[1] or r"\/", pattern)
                return f"/{slashed}/{'i' * ignore_case}"
            case Network():
                return self.network(atom)
            case Domain(name, below):
                name = name.encode().decode("idna") if self.flip() else name
                return "*." * below + "".join(self.word(c) for c in name)

    def string(self, value: str, *, quote: bool) -> str:
        if not quote and re.fullmatch(r'[^\s\\()"*!=/]+', value) and self.flip():
            return value
        return json.dumps(value, ensure_ascii=self.flip())

    def network(self, net: Network) -> str:
        kind = IPv4Address if net.version == 4 else IPv6Address
        first, last = str(kind(net.first)), str(kind(net.last))
        bits = kind(0).max_prefixlen - (net.last - net.first).bit_length()
        if masked(net.version, net.first, bits) == net and self.flip():
            return f"{first}{self.gap()}/{self.gap()}{bits}"
        if net.first == net.last and self.flip():
            return first
        return f"{first}{self.gap()}-{self.gap()}{last}"


@st.composite
def written_rules(draw: st.DrawFn) -> tuple[Rule, str]:
    rule = draw(rules)
    return rule, Writer(draw).rule(rule)
