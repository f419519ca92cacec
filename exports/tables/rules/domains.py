"""Domain names, compared in the ASCII form of IDNA."""

import re
from collections.abc import Iterable
from encodings import idna

from exports.tables.rules.tree import Domain

LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
NAME = re.compile(rf"(?:{LABEL}\.)+(?![0-9]+\Z){LABEL}")
LONGEST = 253


def read_name(value: str) -> str | None:
    """Return the name's ASCII form in lower case; None if it is no domain name.

    One label alone is none, nor is a name that ends in digits only.
    """
    if "." not in value or len(value) > LONGEST:
        return None
    try:
        labels = [idna.ToASCII(label).decode() for label in value.split(".")]
    except UnicodeError:
        return None
    name = ".".join(labels).lower()
    return name if len(name) <= LONGEST and NAME.fullmatch(name) else None


def read_domain(text: str) -> Domain | None:
    """Read a name, or all names below one: `*.name.tld`."""
    below = text.startswith("*.")
    name = read_name(text[2:] if below else text)
    return None if name is None else Domain(name, below)


def domain_text(domain: Domain) -> str:
    return f"*.{domain.name}" if domain.below else domain.name


class Names:
    """Many domains; finds by look-ups whether one of them has a name."""

    def __init__(self, domains: Iterable[Domain]) -> None:
        listed = list(domains)
        self.exact = frozenset(d.name for d in listed if not d.below)
        self.below = frozenset(d.name for d in listed if d.below)

    def have(self, name: str) -> bool:
        labels = name.split(".")
        above = (".".join(labels[n:]) for n in range(1, len(labels) - 1))
        return name in self.exact or any(map(self.below.__contains__, above))
