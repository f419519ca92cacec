"""The index of a view: what is in each of its blocks, and where."""

import struct
from array import array
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import BinaryIO

from isal import isal_zlib

from exports.events.gzipped import LEVEL, RAW, Piece

FOOTER = struct.Struct("<QQ4s")  # where the places begin, and the index
MAGIC = b"EPV1"


@dataclass(frozen=True, slots=True)
class Block:
    """Some events that follow one another in a view."""

    rows: int
    offset: int  # of the deflated JSON
    size: int
    plain_size: int
    crc: int
    places_offset: int  # of the deflated times and numbers
    places_size: int
    first_time: int  # µs, of the first event, and so on
    last_time: int
    first_stamp: int
    last_stamp: int
    first_seq: int
    last_seq: int
    min_seq: int
    max_seq: int

    @property
    def piece(self) -> Piece:
        return Piece(self.size, self.plain_size, self.crc)


NAMES = [field.name for field in fields(Block)]


class Index:
    """The blocks of a view in their order."""

    def __init__(self, table: "array[int]") -> None:
        self._columns = {name: table[n :: len(NAMES)] for n, name in enumerate(NAMES)}

    def __len__(self) -> int:
        return len(self._columns["rows"])

    def __getitem__(self, at: int) -> Block:
        return Block(*(column[at] for column in self._columns.values()))

    def column(self, name: str) -> "array[int]":
        return self._columns[name]


def index_bytes(blocks: Sequence[Block], places_start: int, start: int) -> bytes:
    """Return what ends a view's file."""
    moved = array("q")
    for block in blocks:
        moved.extend(astuple(block))
    at = NAMES.index("places_offset")
    for n in range(at, len(moved), len(NAMES)):
        moved[n] += places_start
    packed = isal_zlib.compress(moved.tobytes(), LEVEL, RAW)
    return bytes(packed) + FOOTER.pack(places_start, start, MAGIC)


def read_index(file: BinaryIO) -> Index:
    end = file.seek(-FOOTER.size, 2)
    _, start, magic = FOOTER.unpack(file.read(FOOTER.size))
    if magic != MAGIC:
        raise ValueError("This file is no view.")
    file.seek(start)
    table = array("q")
    table.frombytes(isal_zlib.decompress(file.read(end - start), RAW))
    return Index(table)
