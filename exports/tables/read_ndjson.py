"""JSON objects, one a line."""

from collections.abc import Iterator
from dataclasses import replace

from exports.tables.encodings import as_utf8
from exports.tables.errors import TooLarge
from exports.tables.json_frames import json_frame
from exports.tables.source import Source
from exports.tables.spool import one_schema
from exports.tables.stream import Stream
from exports.tables.types import Frames, Table

BLOCK_BYTES = 8 << 20
LINE_BYTES = 64 << 20


def read_ndjson(source: Source) -> Table:
    text, encoding = as_utf8(source.stream, declared=source.dialect.encoding)
    schema, frames = one_schema(parsed(text), source.resources)
    dialect = replace(source.dialect, encoding=encoding)
    return Table(schema, frames, "ndjson", dialect, first_row=1)


def parsed(text: Stream) -> Frames:
    for number, block in blocks(text):
        if block.strip():
            yield json_frame(block, number)


def blocks(text: Stream) -> Iterator[tuple[int, bytes]]:
    """Cut the text at line ends; each block comes with its first line's number."""
    number, rest = 1, b""
    while part := text.read(BLOCK_BYTES):
        whole, newline, tail = part.rpartition(b"\n")
        if not newline:
            rest += part
            check_line(rest, number)
            continue
        block = rest + whole
        yield number, block
        number += block.count(b"\n") + 1
        rest = tail
    yield number, rest


def check_line(line: bytes, number: int) -> None:
    if len(line) > LINE_BYTES:
        raise TooLarge(
            f"Line {number} is longer than {LINE_BYTES >> 20} MiB.", row=number
        )
