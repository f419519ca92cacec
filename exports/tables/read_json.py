"""One JSON array of objects, or of arrays whose first is the header."""

import json
import re
from dataclasses import replace
from typing import Any

import polars as pl

from exports.tables.encodings import as_utf8
from exports.tables.errors import BadEncoding, BadRow, NotATable, TableError, TooLarge
from exports.tables.headers import check_names
from exports.tables.json_frames import json_frame
from exports.tables.source import Source
from exports.tables.spool import one_schema
from exports.tables.stream import Stream
from exports.tables.types import Frames, Table

BLOCK_BYTES = 8 << 20
ELEMENT_BYTES = 64 << 20
TAIL_BYTES = 64 << 10
FLAT = bytes.maketrans(b"\r\n", b"  ")  # a line end is never inside a JSON string

BETWEEN = re.compile(rb"\}[ \t]*,[ \t]*\{")
BLANK = re.compile(r"[ \t\r\n]*")
DECODER = json.JSONDecoder()


def read_json(source: Source) -> Table:
    text, encoding = as_utf8(source.stream, declared=source.dialect.encoding)
    schema, frames = one_schema(Elements(text).frames(), source.resources)
    dialect = replace(source.dialect, encoding=encoding)
    return Table(schema, frames, "json", dialect, first_row=1)


class Elements:
    """The elements of one array, parsed as its text comes in.

    Most arrays hold objects that hold no arrays of objects: there every `},{` ends an
    element, and Polars parses the whole block. That guess cannot go wrong unseen, as
    a line that is cut elsewhere is not valid JSON. After the first wrong guess, blocks
    are cut exactly, an element at a time.
    """

    def __init__(self, text: Stream) -> None:
        self.text = text
        self.rest = b""
        self.number = 1
        self.closed = False
        self.guessing = True
        self.names: list[str] = []  # the header of an array of arrays

    def frames(self) -> Frames:
        self.open()
        while part := self.text.read(BLOCK_BYTES):
            self.rest += part.translate(FLAT)
            frame = self.guessed() if self.text.peek(1) else None
            frame = self.exact() if frame is None else frame
            self.check_closed()
            if frame is not None:
                yield frame
        if not self.closed:
            raise NotATable("The JSON is cut off: its array is never closed.")

    def open(self) -> None:
        while (mark := self.text.read(1)) and mark in b" \t\r\n":
            pass
        if mark != b"[":
            raise NotATable("The JSON is no array of objects.")

    def check_closed(self) -> None:
        if self.closed and self.rest.strip():
            raise NotATable("There is more text after the end of the JSON array.")

    def guessed(self) -> pl.DataFrame | None:
        """Parse all but the last element of the block, if the guess is right."""
        start = max(len(self.rest) - TAIL_BYTES, 0)
        ends = list(BETWEEN.finditer(self.rest, start)) if self.guessing else []
        if not ends:
            return None
        block = self.rest[: ends[-1].start() + 1].replace(ends[-1].group(), b"}\n{")
        try:
            frame = json_frame(block, self.number, unit="element")
        except TableError:
            self.guessing = False
            return None
        self.rest = self.rest[ends[-1].end() - 1 :]
        self.number += frame.height
        return frame

    def exact(self) -> pl.DataFrame | None:
        """Parse every element of the block that is complete."""
        text, tail = decoded(self.rest)
        lines: list[str] = []
        at = self.cut(text, lines)
        self.rest = text[at:].encode() + tail
        if not lines:
            return None
        frame = json_frame("\n".join(lines).encode(), self.number, unit="element")
        self.number += len(lines)
        return frame

    def cut(self, text: str, lines: list[str]) -> int:
        """Add the elements of the text to the lines; return where the rest begins."""
        at = 0
        while not self.closed:
            start = blank_end(text, at)
            if text[start : start + 1] == "]" and self.number == 1 and not lines:
                self.closed = True
                return start + 1
            try:
                value, end = DECODER.raw_decode(text, start)
            except RecursionError as error:
                raise TooLarge("The JSON is nested too deeply.") from error
            except json.JSONDecodeError as error:
                self.check_waiting(text, at, lines, error)
                return at
            except ValueError as error:  # by Python's limit
                raise self.bad(lines, "a number has too many digits") from error
            mark = text[(end := blank_end(text, end)) : end + 1]
            if not mark:
                return at  # a number may go on, and the array is not closed
            if mark not in {",", "]"}:
                raise self.bad(lines, "a comma is missing after it")
            self.add(value, text[start:end], lines)
            self.closed = mark == "]"
            at = end + 1
        return at

    def add(self, value: Any, source: str, lines: list[str]) -> None:
        if isinstance(value, dict) and not self.names:
            lines.append(source)
        elif isinstance(value, list) and (self.names or self.number + len(lines) == 1):
            self.add_list(value, lines)
        else:
            raise self.bad(lines, "a JSON object is expected")

    def add_list(self, value: list[Any], lines: list[str]) -> None:
        if not self.names:
            self.names = check_names([str(name) for name in value])
            return
        if len(value) != len(self.names):
            reason = f"has {len(value)} cells where {len(self.names)} are expected"
            raise self.bad(lines, reason)
        lines.append(json.dumps(dict(zip(self.names, value, strict=True))))

    def check_waiting(
        self, text: str, at: int, lines: list[str], error: json.JSONDecodeError
    ) -> None:
        """Raise unless the element may only lack what comes next."""
        if not self.text.peek(1):
            raise self.bad(lines, f"not valid JSON: {error.msg}")
        if len(text) - at > ELEMENT_BYTES:
            limit = f"{ELEMENT_BYTES >> 20} MiB"
            raise self.bad(lines, f"not valid JSON, or longer than {limit}")

    def bad(self, lines: list[str], reason: str) -> BadRow:
        number = self.number + len(lines) + bool(self.names)
        return BadRow(f"Element {number}: {reason}.", row=number)


def blank_end(text: str, at: int) -> int:
    found = BLANK.match(text, at)
    return found.end() if found else at


def decoded(block: bytes) -> tuple[str, bytes]:
    """Return the text, and the first bytes of a character that is cut at the end."""
    try:
        return block.decode(), b""
    except UnicodeDecodeError as error:
        if len(block) - error.start > 3:
            raise BadEncoding(
                f"The JSON is not valid UTF-8: {error.reason}."
            ) from error
        return block[: error.start].decode(), block[error.start :]
