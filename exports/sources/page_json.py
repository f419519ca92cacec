"""The place of a value in a JSON text, found without taking the text apart."""

import json
import re
from typing import Any

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class NotThere(Exception):
    """The text is no object, or has no such key."""


class JsonText:
    """A text whose values are found by dotted paths.

    Every question raises ValueError where the JSON is broken, and RecursionError where
    it is too deep. Of a key that comes twice the first counts.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        # Where the value that begins at a place ends: what was passed over once need
        # not be read again.
        self._ends: dict[int, int] = {}

    def value_at(self, path: str) -> Any:
        """Return a value; None when there is none."""
        try:
            return _DECODER.raw_decode(self._text, self._start_of(path))[0]
        except NotThere:
            return None

    def text_at(self, path: str) -> str:
        """Return the text of a value. Raises NotThere."""
        start = self._start_of(path)
        return self._text[start : self._end_of(start)]

    def _start_of(self, path: str) -> int:
        at = self._blank_end(0)
        for key in path.split("."):
            at = self._member(at, key)
        return at

    def _member(self, at: int, wanted: str) -> int:
        """Return where the value of a key begins in the object that begins at `at`."""
        text = self._text
        if not text.startswith("{", at):
            raise NotThere
        at = self._blank_end(at + 1)
        while text.startswith('"', at):
            key, at = _DECODER.raw_decode(text, at)
            at = self._after(at, ":")
            if key == wanted:
                return at
            at = self._blank_end(self._end_of(at))
            if text.startswith("}", at):
                raise NotThere
            at = self._after(at, ",")
        if text.startswith("}", at):
            raise NotThere
        raise json.JSONDecodeError("Expecting property name", text, at)

    def _end_of(self, start: int) -> int:
        if start not in self._ends:
            self._ends[start] = _DECODER.raw_decode(self._text, start)[1]
        return self._ends[start]

    def _after(self, at: int, mark: str) -> int:
        at = self._blank_end(at)
        if not self._text.startswith(mark, at):
            raise json.JSONDecodeError(f"Expecting {mark!r}", self._text, at)
        return self._blank_end(at + 1)

    def _blank_end(self, at: int) -> int:
        found = _BLANK.match(self._text, at)
        return found.end() if found else at
