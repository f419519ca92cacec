"""Typed reading of untrusted JSON that notes every fault with its path."""

import json
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

NAME_MAX = 100
PATH_MAX = 1024
URL_MAX = 4096
DEPTH_MAX = 100
# PostgreSQL gives larger ones back as whole numbers that no JSON writer takes.
NUMBER_MAX = 2.0**63

PLAIN_KEY = re.compile(r"[\w-]{1,60}")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the document, where it stands, and the faults found so far.

    A missing key, and a key of something that is no object, reads as null. What
    has a fault reads as empty, so look at `faults` before using what was read.
    """

    value: object
    path: str = ""
    faults: list[str] = field(default_factory=list)

    def fault(self, message: str) -> None:
        self.faults.append(f"{self.path or 'document'}: {message}")

    def child(self, key: str) -> "Node":
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Node(value, _step(self.path, key), self.faults)

    def required(self) -> "Node":
        if self.value is None:
            self.fault("is missing")
        return self

    def children(self) -> list["Node"]:
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            self.fault(f"should be a list, not {_word(self.value)}")
            return []
        return [
            Node(value, f"{self.path}[{index}]", self.faults)
            for index, value in enumerate(self.value)
        ]

    def mapping(self) -> dict[str, Any] | None:
        if self.value is None or isinstance(self.value, dict):
            return self.value
        self.fault(f"should be an object, not {_word(self.value)}")
        return None

    def text(self) -> str | None:
        if self.value is None or isinstance(self.value, str):
            return self.value
        self.fault(f"should be a string, not {_word(self.value)}")
        return None

    def integer(self, *, at_least: int) -> int | None:
        if self.value is None:
            return None
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self.fault(f"should be a whole number, not {_word(self.value)}")
            return None
        if self.value < at_least:
            self.fault(f"should be {at_least} or more")
        return self.value

    def name(self) -> str:
        text = self.required().text()
        if text is None:
            return ""
        self._note(name_fault(text))
        return text

    def url(self) -> str | None:
        text = self.text()
        if text is not None:
            self._note(url_fault(text))
        return text

    def location(self) -> str | None:
        """Read an absolute URL or a path inside the package."""
        text = self.text()
        if text is not None:
            fault_of = url_fault if is_absolute(text) else path_fault
            self._note(fault_of(text))
        return text

    def _note(self, fault: str | None) -> None:
        if fault is not None:
            self.fault(fault)


def name_fault(name: str) -> str | None:
    """Say why a name cannot be one segment of an id, a URL and a file path."""
    if not name:
        return "is empty"
    if len(name) > NAME_MAX:
        return f"is longer than {NAME_MAX} characters"
    if name.startswith("."):
        return "should not start with a dot"
    bad = next((char for char in name if not is_name_character(char)), None)
    if bad is not None:
        return f"should have only letters, digits, '_', '.' and '-', not {bad!r}"
    return None


def is_name_character(char: str) -> bool:
    # Marks (M) carry the vowels of many scripts, and isalnum() leaves them out.
    return char.isalnum() or char in "_.-" or unicodedata.category(char)[0] == "M"


def url_fault(url: str) -> str | None:
    if len(url) > URL_MAX:
        return f"is longer than {URL_MAX} characters"
    if fault := _text_fault(url):
        return fault
    try:
        parts = urlsplit(url)
        _ = parts.port  # urlsplit only looks at the port when asked for it
    except ValueError:
        return "is not a URL"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return f"should be an http or https URL, not {url[:60]!r}"
    if "@" in parts.netloc:
        return "should not have a user name or password"
    return None


def is_absolute(location: str) -> bool:
    return SCHEME.match(location) is not None


def path_fault(path: str) -> str | None:
    if not path:
        return "is empty"
    if len(path) > PATH_MAX:
        return f"is longer than {PATH_MAX} characters"
    if fault := _text_fault(path):
        return fault
    if "\\" in path:
        return "should have '/' between folders, not a backslash"
    if path.startswith("/") or ".." in path.split("/"):
        return "should be a path inside the package"
    return None


def storage_faults(document: object) -> list[str]:
    """Find what no database or JSON reader takes back, wherever it stands."""
    return [f"{path or 'document'}: {fault}" for path, fault in _unstorable(document)]


def _unstorable(document: object) -> Iterator[tuple[str, str]]:
    # A stack, because the document decides how deep it goes.
    waiting: list[tuple[object, str, int]] = [(document, "", 0)]
    while waiting:
        value, path, depth = waiting.pop()
        if depth > DEPTH_MAX:
            yield f"{path[:200]}...", f"is nested deeper than {DEPTH_MAX} levels"
        elif isinstance(value, dict):
            for key in filter(_is_unstorable_text, value):
                yield path, f"has a key with a NUL or half a character: {key[:60]!r}"
            waiting += [
                (inner, _step(path, key), depth + 1) for key, inner in value.items()
            ]
        elif isinstance(value, list):
            waiting += [
                (inner, f"{path}[{index}]", depth + 1)
                for index, inner in enumerate(value)
            ]
        elif isinstance(value, str) and _is_unstorable_text(value):
            yield path, "has a NUL or half a character"
        elif isinstance(value, float) and not abs(value) < NUMBER_MAX:
            large = math.isfinite(value)
            yield path, "is too large" if large else "should be a finite number"


def _is_unstorable_text(text: str) -> bool:
    return "\0" in text or any("\ud800" <= char <= "\udfff" for char in text)


def _text_fault(text: str) -> str | None:
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in text):
        return "has a control character"
    # A URL parser drops outer blanks, and what was a path may then be a URL.
    return "has blanks around it" if text != text.strip() else None


def _step(path: str, key: str) -> str:
    if PLAIN_KEY.fullmatch(key) is None:
        return f"{path}[{json.dumps(key[:60])}]"
    return f"{path}.{key}" if path else key


def _word(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"
