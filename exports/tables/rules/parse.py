"""Read a rule (contract 3.3.7): no precedence, what follows and/or is one operand.

`no` before a blank is always the word, and so it is before a bracket; a key of that
name stands right before its = or !=, or in quotes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from exports.tables.errors import BadRule
from exports.tables.rules.scan import Scanner
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

DEEPEST = 100
MOST_ANYWHERE = 100  # tests of any key; each is a test of every column

FOLDED = 4  # the weight of a character that is looked for in any case

JOINS: dict[str, Callable[[tuple[Rule, ...]], Rule]] = {"and": And, "or": Or}
RESERVED = tuple('\\"*!=/')
QUOTES = '; a text with blanks or any of \\ ( ) " * ! = / goes in double quotes'
STAR = "; after *. comes a name of two parts at least"
NO_ORDER = "; there is no order here, only = and !="


def parse_rule(text: str) -> Rule:
    """Read the text of a rule. Raises BadRule, which names the position."""
    parser = Parser(Scanner(text))
    rule = parser.rule()
    if not parser.scan.ended():
        raise parser.unexpected("the end")
    return rule


@dataclass(slots=True)
class Parser:
    scan: Scanner
    depth: int = 0
    anywhere: int = 0

    def rule(self) -> Rule:
        self.scan.blanks()
        rule = self.joined(self.operand())
        self.scan.blanks()
        return rule

    def joined(self, first: Rule) -> Rule:
        """Read what follows an operand; where the word changes, the rest is one."""
        word = self.joint()
        if not word:
            return first
        rules = [first]
        while self.joint() == word:
            self.take_joint()
            rules.append(self.operand())
        if self.joint():
            with self.deeper():
                rules[-1] = self.joined(rules[-1])
        return JOINS[word](tuple(rules))

    def joint(self) -> str:
        """Look whether and/or is next: after a blank or a bracket."""
        start = self.scan.at
        apart = self.scan.blanks() or self.scan.text[start - 1] == ")"
        word = self.scan.keyword_ahead()
        self.scan.at = start
        return word if apart and word in JOINS else ""

    def take_joint(self) -> None:
        self.scan.blanks()
        word = self.scan.word()
        apart = self.scan.blanks() or self.scan.sees("(") or self.scan.ended()
        if not apart:
            raise self.scan.expected(f"a blank or a bracket after {word!r}")

    def operand(self) -> Rule:
        if self.scan.sees("("):
            return self.bracket()
        if self.no_ahead():
            self.scan.word()
            self.scan.blanks()
            with self.deeper():
                return No(self.operand())
        return self.basic()

    def no_ahead(self) -> bool:
        if self.scan.keyword_ahead() != "no":
            return False
        start = self.scan.at
        self.scan.word()
        apart = self.scan.blanks() or self.scan.sees("(")
        plain = self.scan.ended() or any(map(self.scan.sees, ")=!"))
        self.scan.at = start
        return apart and not plain

    def bracket(self) -> Rule:
        start = self.scan.at
        self.scan.take("(")
        with self.deeper():
            rule = self.rule()
        if self.scan.take(")"):
            return rule
        if self.scan.ended():
            raise self.scan.error("This bracket is never closed", start)
        raise self.unexpected("')'")

    @contextmanager
    def deeper(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.scan.error(f"Rules are nested {DEEPEST} deep at most")
        yield
        self.depth -= 1

    def basic(self) -> Rule:
        if self.scan.sees("/"):
            return self.fuzzy(self.scan.regexp())
        if self.scan.sees('"'):
            key = self.scan.quoted()
            return self.tail(key) or self.fuzzy(Text(key))
        if self.scan.sees("*."):
            return self.fuzzy(self.domain_or_network())
        if self.scan.take("*"):
            return self.tail(None) or Anything()
        return self.bare()

    def bare(self) -> Rule:
        """Read what begins with a word: a key if an operator follows."""
        start = self.scan.at
        word = self.scan.word()
        if not word:
            raise self.scan.expected("a rule", self.hint())
        rule = self.tail(word)
        if rule:
            if word.endswith(("<", ">")):
                said = f"Expected a key, found {word!r}{NO_ORDER}"
                raise self.scan.error(said, start + len(word) - 1)
            return rule
        self.scan.at = start
        place = self.scan.network() or self.scan.domain()
        return self.fuzzy(place or Text(self.scan.word()))

    def tail(self, key: str | None) -> Rule | None:
        """Read an operator and its value, if one is next."""
        start = self.scan.at
        apart = self.scan.blanks()
        if self.scan.take("=="):
            return self.match(Match, key, self.value())
        if self.scan.take("="):
            return self.match(Match, key, self.value())
        if self.scan.take("!="):
            return self.match(Differ, key, self.value())
        word = self.scan.keyword_ahead()
        if apart and word in {"in", "not"}:
            kind = self.membership()
            return self.match(kind, key, self.domain_or_network())
        self.scan.at = start
        return None

    def membership(self) -> type[Match | Differ]:
        """Read `in` or `not in` and the blanks after it."""
        negative = self.scan.word().lower() == "not"
        if negative:
            self.scan.blanks()
            if self.scan.keyword_ahead() != "in":
                raise self.scan.expected("'in' after 'not'")
            self.scan.word()
        if not self.scan.blanks() and not self.scan.ended():
            raise self.scan.expected("a blank after 'in'")
        return Differ if negative else Match

    def match(
        self, kind: type[Match | Differ], key: str | None, atom: Atom | None
    ) -> Rule:
        if key is None and atom is not None:
            self.count_anywhere()
        return kind(key, atom)

    def fuzzy(self, atom: Atom) -> Rule:
        self.count_anywhere()
        if isinstance(atom, Text):
            self.scan.add_weight(len(atom.value) * FOLDED)
        return Fuzzy(atom)

    def count_anywhere(self) -> None:
        self.anywhere += 1
        if self.anywhere > MOST_ANYWHERE:
            said = f"A rule has at most {MOST_ANYWHERE} tests of any key"
            raise self.scan.error(said)

    def value(self) -> Atom | None:
        self.scan.blanks()
        if self.scan.take("*"):
            return None
        if self.scan.sees("/"):
            return self.scan.regexp()
        if self.scan.sees('"'):
            return Text(self.scan.quoted())
        word = self.scan.word()
        if not word:
            raise self.scan.expected("a value", self.hint())
        return Text(word)

    def domain_or_network(self) -> Domain | Network:
        place = self.scan.network() or self.scan.domain()
        if place is None:
            wanted = "an IP address, a network, a range or a domain name"
            hint = STAR if self.scan.sees("*") else ""
            raise self.scan.expected(wanted, hint)
        return place

    def unexpected(self, end: str) -> BadRule:
        return self.scan.expected(f"'and', 'or' or {end}", self.hint())

    def hint(self) -> str:
        """Say what may have been meant by what stands here."""
        word = self.scan.keyword_ahead()
        if word.startswith(("<", ">")):
            return NO_ORDER
        if word in JOINS:
            return "; before it stands a blank and what it joins"
        if any(map(self.scan.sees, RESERVED)):
            return QUOTES
        return ""
