"""The words of a rule, read one after the other, with errors that name the place."""

import json
import re

from exports.tables.errors import BadRule
from exports.tables.rules.domains import read_domain
from exports.tables.rules.networks import NETWORK, network
from exports.tables.rules.regexps import HEAVIEST, RegexpFault, weigh
from exports.tables.rules.tree import Domain, Network, Regexp

LONGEST_RULE = 65_536  # characters
LONGEST_REGEXP = 1_000
MOST_REGEXPS = 50
CONTEXT = 20

BLANKS = re.compile(r"[ \t\r\n]*")
WORD = re.compile(r'[^\s\\()"*!=/]+')
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
REGEXP = re.compile(r"/((?:[^/\\]|\\.)*)/(i?)", re.DOTALL)
DOMAIN = re.compile(r'(?:\*\.)?[^\s\\()"*!=/]+')


class Scanner:
    """A place in a rule's text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.regexps = 0
        self.weight = 0
        self.check()

    def check(self) -> None:
        if len(self.text) > LONGEST_RULE:
            said = f"A rule has at most {LONGEST_RULE} characters"
            raise self.error(f"{said}, this one has {len(self.text)}", LONGEST_RULE)
        try:
            self.text.encode()
        except UnicodeEncodeError as error:
            said = "Half a surrogate pair is no character"
            raise self.error(said, error.start) from error

    # Errors

    def error(self, said: str, at: int | None = None) -> BadRule:
        place = self.at if at is None else at
        start, end = max(place - CONTEXT, 0), place + CONTEXT
        before = "…" * (start > 0)
        after = "…" * (end < len(self.text))
        excerpt = f"{before}{printable(self.text[start:end])}{after}"
        near = f", near {excerpt}" if self.text else ""
        return BadRule(f"{said} (position {place}{near}).", position=place)

    def expected(self, wanted: str, hint: str = "") -> BadRule:
        return self.error(f"Expected {wanted}, found {self.found()}{hint}")

    def found(self) -> str:
        if self.ended():
            return "the end"
        word = self.word_ahead() or self.text[self.at]
        return f"'{printable(word[:CONTEXT])}{'…' * (len(word) > CONTEXT)}'"

    # Looking ahead

    def ended(self) -> bool:
        return self.at >= len(self.text)

    def sees(self, start: str) -> bool:
        return self.text.startswith(start, self.at)

    def word_ahead(self) -> str:
        found = WORD.match(self.text, self.at)
        return found[0] if found else ""

    def keyword_ahead(self) -> str:
        return self.word_ahead().lower()

    def closed(self, end: int) -> bool:
        """Tell whether nothing but blanks or brackets may touch what ends here."""
        return end >= len(self.text) or self.text[end] in " \t\r\n()"

    # Reading on

    def blanks(self) -> bool:
        """Pass over blanks; tell whether there were any."""
        before = self.at
        found = BLANKS.match(self.text, before)
        self.at = found.end() if found else before
        return self.at > before

    def take(self, start: str) -> bool:
        if not self.sees(start):
            return False
        self.at += len(start)
        return True

    def word(self) -> str:
        word = self.word_ahead()
        self.at += len(word)
        return word

    def quoted(self) -> str:
        """Read a JSON string."""
        found = QUOTED.match(self.text, self.at)
        if not found:
            raise self.error("These quotes are never closed")
        try:
            value = json.loads(found[0])
        except json.JSONDecodeError as error:
            said = f"This is no JSON string: {error.msg}"
            raise self.error(said, min(self.at + error.pos, found.end())) from error
        self.require_text(str(value))
        self.at = found.end()
        return str(value)

    def require_text(self, value: str) -> None:
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise self.error("Half a surrogate pair is no character") from error

    def regexp(self) -> Regexp:
        """Read a regular expression and try it."""
        start = self.at
        found = REGEXP.match(self.text, start)
        if not found:
            raise self.error("This regular expression is never closed")
        pattern, places = unslashed(found[1], start + 1)
        regexp = Regexp(pattern, ignore_case=bool(found[2]))
        self.count(regexp, found.end(1), places)
        self.at = found.end()
        return regexp

    def count(self, regexp: Regexp, end: int, places: list[int]) -> None:
        """Hold the limits of one regular expression, and of all of them."""
        self.regexps += 1
        if self.regexps > MOST_REGEXPS:
            said = f"A rule has at most {MOST_REGEXPS} regular expressions"
            raise self.error(said)
        if len(regexp.pattern) > LONGEST_REGEXP:
            said = f"A regular expression has at most {LONGEST_REGEXP} characters"
            raise self.error(said)
        try:
            self.add_weight(weigh(regexp))
        except RegexpFault as error:
            place = [*places, end][error.offset]
            raise self.error(f"Not this regular expression: {error}", place) from error

    def add_weight(self, weight: int) -> None:
        self.weight += weight
        if self.weight > HEAVIEST:
            said = "Regular expressions and texts without a key are too large together"
            raise self.error(said)

    def network(self) -> Network | None:
        """Read addresses, if they stand here and nothing touches them."""
        found = NETWORK.match(self.text, self.at)
        if not found or not self.closed(found.end()):
            return None
        net = network(*found.groups())
        if net is None and network(found[1], None, None):
            said = "is no network and no range of addresses"
            raise self.error(f"'{printable(found[0])}' {said}")
        if net:
            self.at = found.end()
        return net

    def domain(self) -> Domain | None:
        """Read a domain name, if one stands here and nothing touches it."""
        found = DOMAIN.match(self.text, self.at)
        if not found or not self.closed(found.end()):
            return None
        domain = read_domain(found[0])
        if domain:
            self.at = found.end()
        return domain


def printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def unslashed(written: str, start: int) -> tuple[str, list[int]]:
    r"""Read `\/` as a slash; return the place of each character in the rule, too."""
    letters: list[str] = []
    places: list[int] = []
    for found in re.finditer(r"\\?.", written, re.DOTALL):
        text = "/" if found[0] == r"\/" else found[0]
        letters.append(text)
        places.extend(start + found.start() + n for n in range(len(text)))
    return "".join(letters), places
