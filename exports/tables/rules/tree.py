"""What a rule is made of."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """Equal to a value; alone, part of a key or a value in any case."""

    value: str


@dataclass(frozen=True, slots=True)
class Regexp:
    """Found anywhere in a value. Python's notation, without the escape of slashes."""

    pattern: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """Addresses as numbers, from the first to the last, both inside."""

    version: int  # 4 or 6
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain name in its ASCII form, lower case."""

    name: str
    below: bool = False  # *.name: its subdomains, not itself


Atom: TypeAlias = Text | Regexp | Network | Domain


@dataclass(frozen=True, slots=True)
class Anything:
    """True for every event: `*`."""


@dataclass(frozen=True, slots=True)
class Match:
    """Some value of the key is meant by the atom."""

    key: str | None  # None: any key
    atom: Atom | None  # None: any value


@dataclass(frozen=True, slots=True)
class Differ:
    """Some value of the key is not meant by the atom; without one, any value."""

    key: str | None
    atom: Atom | None


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Some key or some value of the event is meant by the atom."""

    atom: Atom


@dataclass(frozen=True, slots=True)
class No:
    rule: "Rule"


@dataclass(frozen=True, slots=True)
class And:
    rules: tuple["Rule", ...]  # two at least


@dataclass(frozen=True, slots=True)
class Or:
    rules: tuple["Rule", ...]  # two at least


Rule: TypeAlias = Anything | Match | Differ | Fuzzy | No | And | Or
