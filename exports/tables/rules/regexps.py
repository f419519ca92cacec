r"""Regular expressions in Python's notation, for an engine of linear time.

The engine is Polars' (Rust's regex). It has no look-around and no back-references;
what both write differently is translated, so that no rule means something else here
than in Python. Three things stay the engine's: `$` is the very end, also after a line
feed; `i` folds by Unicode's simple folding; `\w`, `\s` follow Unicode's own tables.
"""

import re
from dataclasses import dataclass, field

import polars as pl
from polars.exceptions import ComputeError

from exports.tables.rules.tree import Regexp

# What it costs to compile, in steps of about a microsecond each.
WEIGHTS = {"w": 250, "W": 250, "p": 250, "P": 250, "d": 25, "D": 50, "s": 10, "S": 20}
DOT, CHARACTER, RANGE = 8, 2, 8
HEAVIEST = 20_000

REPEAT = re.compile(r"\{(?:([0-9]+)|([0-9]*),([0-9]*))\}")
GROUP = re.compile(r"\((?:\?(?:P?<\w+>|[a-zA-Z-]*[:)]?))?")
SPECIAL_IN_CLASS = frozenset(r"[]^-&~\\")
REASON = re.compile(r"^error: (.+)$", re.MULTILINE)
CARETS = re.compile(r"^    ( *)\^", re.MULTILINE)


class RegexpFault(ValueError):
    """A regular expression that the engine cannot take; `offset` is inside it."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.offset = offset


def engine_pattern(regexp: Regexp) -> str:
    """Return the pattern as the engine writes it. Raises RegexpFault."""
    return flags(regexp) + Translation(regexp.pattern).run().text


def flags(regexp: Regexp) -> str:
    return "(?si)" if regexp.ignore_case else "(?s)"


def weigh(regexp: Regexp) -> int:
    """Try the pattern on the engine, if it is not too heavy. Raises RegexpFault."""
    done = Translation(regexp.pattern).run()
    if done.weight > HEAVIEST:
        raise RegexpFault("it is too large, or repeats too much", 0)
    try:
        pl.Series(["a"]).str.contains(flags(regexp) + done.text)
    except ComputeError as error:
        reason, offset = fault(str(error), len(flags(regexp)))
        raise RegexpFault(reason, done.source(offset)) from error
    return done.weight


def fault(message: str, prefix: int) -> tuple[str, int]:
    """Take the reason and its place out of the engine's drawing."""
    reason, carets = REASON.search(message), CARETS.search(message)
    offset = max(len(carets[1]) - prefix, 0) if carets else 0
    return reason[1] if reason else "the engine cannot compile it", offset


@dataclass(slots=True)
class Translation:
    """One pass over a pattern: its text for the engine and its weight."""

    pattern: str
    at: int = 0
    out: list[str] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)  # of each character that is out
    groups: list[int] = field(default_factory=list)  # weights before open groups
    weight: int = 0
    last: int = 0  # the weight of what a repetition would repeat

    @property
    def text(self) -> str:
        return "".join(self.out)

    def source(self, offset: int) -> int:
        return self.sources[offset] if offset < len(self.sources) else self.at

    def run(self) -> "Translation":
        steps = {
            "\\": self.escape,
            "[": self.character_class,
            "(": self.open,
            ")": self.close,
            "{": self.repeat,
        }
        while self.at < len(self.pattern):
            steps.get(self.pattern[self.at], self.character)()
        return self

    def put(self, text: str, taken: int) -> None:
        self.out.append(text)
        self.sources.extend([self.at] * len(text))
        self.at += taken

    def add(self, weight: int) -> None:
        self.weight += weight
        self.last = weight

    def character(self) -> None:
        letter = self.pattern[self.at]
        if letter not in "*+?|":
            self.add(DOT if letter == "." else CHARACTER)
        self.put(letter, 1)

    def escape(self) -> None:
        letter = self.pattern[self.at + 1 : self.at + 2]
        self.add(WEIGHTS.get(letter, CHARACTER))
        self.put(r"\z" if letter == "Z" else escaped(letter), 2)

    def open(self) -> None:
        found = GROUP.match(self.pattern, self.at)
        head = found[0] if found else "("
        if "x" in head and "<" not in head:
            raise RegexpFault("the verbose flag x is not supported", self.at)
        if not head.endswith(")"):
            self.groups.append(self.weight)
        for letter in head:
            self.put(letter, 1)

    def close(self) -> None:
        before = self.groups.pop() if self.groups else 0
        self.last = self.weight - before
        self.put(")", 1)

    def repeat(self) -> None:
        """Count the copies that the engine makes; without numbers it is a bracket."""
        found = REPEAT.match(self.pattern, self.at)
        if not found:
            self.add(CHARACTER)
            self.put(r"\{", 1)
            return
        exact, least, most = found.groups()
        times = int(exact or most or int(least or 0) + 1)
        more = self.last * (max(times, 1) - 1)
        self.weight += more
        self.last += more
        self.put(f"{{{exact}}}" if exact else f"{{{least or 0},{most}}}", len(found[0]))

    def character_class(self) -> None:
        """Copy a class item by item; the engine knows operators that Python has not."""
        start, before = self.at, self.weight
        self.put("[", 1)
        if self.pattern.startswith("^", self.at):
            self.put("^", 1)
            self.add(RANGE)
        first = True
        while first or not self.pattern.startswith("]", self.at):
            if self.at >= len(self.pattern):
                raise RegexpFault("unclosed character class", start)
            self.item()
            if self.is_range():
                self.put("-", 1)
                self.item()
                self.add(RANGE)
            first = False
        self.put("]", 1)
        self.last = self.weight - before

    def is_range(self) -> bool:
        ahead = self.pattern[self.at : self.at + 2]
        return len(ahead) == 2 and ahead[0] == "-" and ahead[1] != "]"

    def item(self) -> None:
        letter = self.pattern[self.at]
        if letter != "\\":
            self.add(CHARACTER)
            self.put("\\" + letter if letter in SPECIAL_IN_CLASS else letter, 1)
            return
        letter = self.pattern[self.at + 1 : self.at + 2]
        self.add(WEIGHTS.get(letter, CHARACTER))
        self.put(r"\x08" if letter == "b" else escaped(letter), 2)


def escaped(letter: str) -> str:
    """Escape as Python does: what is no letter and no digit stands for itself."""
    if letter in {"<", ">", "/"} or not letter.isascii():
        return letter
    return "\\" + letter
