"""Where the body of a reply ends: RFC 9112 6 and 7, read strictly.

http.client is lenient here: it takes a chunk of size -1 for "all there is".
"""

import io
import re
from collections.abc import Mapping
from typing import Protocol

from tasks.outbound.errors import BadReply, TooBig, Truncated

_MAX_LINE_BYTES = 4096
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(;.*)?\r?\n", re.DOTALL)


class Body(Protocol):
    def read(self, size: int) -> bytes:
        """Return 1 to `size` bytes, or none at the end; raise Truncated before it."""


class Sized:
    def __init__(self, source: io.BufferedReader, length: int, shown: str) -> None:
        self._source = source
        self._left = length
        self._shown = shown

    def read(self, size: int) -> bytes:
        if self._left == 0:
            return b""
        piece = self._source.read1(min(size, self._left))
        if not piece:
            raise _truncated(self._shown)
        self._left -= len(piece)
        return piece


class Chunked:
    def __init__(self, source: io.BufferedReader, shown: str) -> None:
        self._source = source
        self._shown = shown
        self._chunk: Sized | None = None
        self._ended = False

    def read(self, size: int) -> bytes:
        while not self._ended:
            if self._chunk is None:
                self._begin_chunk()
            elif piece := self._chunk.read(size):
                return piece
            else:
                self._end_chunk()
        return b""

    def _begin_chunk(self) -> None:
        match = _CHUNK_SIZE.fullmatch(self._line())
        if match is None:
            raise _garbled(self._shown)
        length = int(match[1], 16)
        if length == 0:
            self._skip_trailers()
            self._ended = True
        else:
            self._chunk = Sized(self._source, length, self._shown)

    def _end_chunk(self) -> None:
        if self._line() not in {b"\r\n", b"\n"}:
            raise _garbled(self._shown)
        self._chunk = None

    def _skip_trailers(self) -> None:
        while self._line() not in {b"\r\n", b"\n"}:
            pass

    def _line(self) -> bytes:
        line = self._source.readline(_MAX_LINE_BYTES)
        if line.endswith(b"\n"):
            return line
        if len(line) == _MAX_LINE_BYTES:
            raise _garbled(self._shown)
        raise _truncated(self._shown)


class Open:
    """End where the connection ends, as HTTP/1.0 did."""

    def __init__(self, source: io.BufferedReader) -> None:
        self._source = source

    def read(self, size: int) -> bytes:
        return self._source.read1(size)


def framed(
    source: io.BufferedReader,
    headers: Mapping[str, str],
    *,
    empty: bool,
    max_bytes: int,
    shown: str,
) -> Body:
    """Choose by the headers; `empty` is for replies that never have a body."""
    if empty:
        return Sized(source, 0, shown)
    coding = headers.get("Transfer-Encoding", "").strip().lower()
    if coding == "chunked":
        return Chunked(source, shown)
    if coding:
        raise BadReply(f"{shown} uses a transfer coding this service does not read.")
    announced = headers.get("Content-Length")
    if announced is None:
        return Open(source)
    length = _length(announced, shown)
    if length > max_bytes:
        raise TooBig(f"{shown} announces {length} bytes, more than {max_bytes}.")
    return Sized(source, length, shown)


def _length(announced: str, shown: str) -> int:
    # RFC 9110 8.6: the same length may be listed several times, another one not.
    (text, *others) = {item.strip() for item in announced.split(",")}
    if others or not re.fullmatch("[0-9]{1,18}", text):
        raise BadReply(f"{shown} announces a length that is not a number.")
    return int(text)


def _truncated(shown: str) -> Truncated:
    return Truncated(f"{shown} broke off before the end.")


def _garbled(shown: str) -> BadReply:
    return BadReply(f"{shown} answered with garbled chunks.")
