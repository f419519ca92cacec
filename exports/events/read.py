"""Events out of JSON: an array of flat objects, or one object after another."""

import codecs
import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

import polars as pl

from exports.events.errors import BadEvents, TooLarge
from exports.events.values import Event, Repeated, bad, checked_event, event_frame, flat

BODY_BYTES = 4 << 20
BODY_EVENTS = 10_000
FRAME_EVENTS = 10_000
READ_BYTES = 1 << 20
EVENT_CHARACTERS = 1 << 20
BLANKS_IN_LINE = " \t\r"
BLANKS = BLANKS_IN_LINE + "\n"


def read_body(body: bytes) -> pl.DataFrame:
    """Return the events of a request. Raises BadEvents."""
    if len(body) > BODY_BYTES:
        raise TooLarge(f"The events are more than {BODY_BYTES >> 20} MiB.")
    events = list(islice(Scanner(io.BytesIO(body)), BODY_EVENTS + 1))
    if len(events) > BODY_EVENTS:
        raise TooLarge(f"There are more than {BODY_EVENTS:,} events.")
    return event_frame(events, 1, set())


def read_file(stream: BinaryIO) -> Iterator[pl.DataFrame]:
    """Yield the events of a file in frames of bounded size. Raises BadEvents."""
    scanner, first, given = Scanner(stream), 1, set[str]()
    while events := list(islice(scanner, FRAME_EVENTS)):
        yield event_frame(events, first, given)
        first += len(events)


def no_number(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


# A number's text is its value here, so that 1.10 stays what it is.
DECODER = json.JSONDecoder(
    parse_float=str, parse_int=str, parse_constant=no_number, object_pairs_hook=flat
)


class Scanner(Iterator[Event]):
    """Reads one event after another from a stream of UTF-8."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._number = 0  # of the last event
        self._array: bool | None = None  # None: nothing is read yet
        self._closed = False

    def __next__(self) -> Event:
        if self._array is None:
            self._begin()
        elif self._array and not self._closed:
            self._go_on()
        elif not self._array:
            self._end_line()
        if self._closed:
            raise StopIteration
        self._number += 1
        return self._event()

    def _begin(self) -> None:
        mark = self._peek()
        if mark == "\ufeff":
            self._at += 1
            mark = self._peek()
        if not mark:
            raise BadEvents("There is no event.")
        self._array = mark == "["
        if self._array:
            self._at += 1
            if self._peek() == "]":
                self._close()

    def _go_on(self) -> None:
        """Read what stands between two events of an array, or its end."""
        mark = self._peek()
        if mark == "]":
            self._close()
        elif mark == ",":
            self._at += 1
        elif mark:
            raise BadEvents(f"A comma is missing after event {self._number}.")
        else:
            raise BadEvents("The array is cut off: it is never closed.")

    def _close(self) -> None:
        self._at += 1
        self._closed = True
        if self._peek():
            raise BadEvents("There is more text after the end of the array.")

    def _end_line(self) -> None:
        """Read the line break after an event of NDJSON, or the end of all."""
        mark = self._peek(blanks=BLANKS_IN_LINE)
        if mark and mark != "\n":
            raise BadEvents(f"A line break is missing after event {self._number}.")
        self._closed = not self._peek()

    def _event(self) -> Event:
        if self._peek() != "{":
            raise bad(self._number, "a JSON object is expected")
        start = self._at
        value, end = self._decoded()
        self._at = end
        if end - start > EVENT_CHARACTERS:
            raise self._too_long()
        escapes = self._text.find("\\u", start, end) >= 0
        return checked_event(value, self._number, escapes=escapes)

    def _decoded(self) -> tuple[dict[str, Any], int]:
        while True:
            try:
                return DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                place = f"{error.msg}, at its character {error.pos - self._at + 1}"
                if len(self._text) - self._at > EVENT_CHARACTERS:
                    raise self._too_long() from error
                if not self._more():
                    raise bad(self._number, f"not valid JSON: {place}") from error
            except Repeated as error:
                raise bad(self._number, "there twice", error.key) from error
            except RecursionError as error:
                raise bad(self._number, "nested too deeply") from error
            except ValueError as error:
                raise bad(self._number, f"not valid JSON: {error}") from error

    def _too_long(self) -> TooLarge:
        said = f"Event {self._number} is longer than {EVENT_CHARACTERS:,} characters."
        return TooLarge(said, event=self._number)

    def _peek(self, *, blanks: str = BLANKS) -> str:
        """Return the next character that is no blank; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in blanks:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Read on; tell whether there was more."""
        block = self._stream.read(READ_BYTES)
        try:
            text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise BadEvents(f"The text is not UTF-8: {error.reason}.") from error
        self._text = self._text[self._at :] + text
        self._at = 0
        return bool(block)
