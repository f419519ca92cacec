"""A view of a segment, read: whole blocks as they are, others event by event."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from isal import isal_zlib

from exports.events.bounds import Bounds, Place, turned
from exports.events.gzipped import RAW, inflated
from exports.events.index import Block, Index, read_index
from exports.events.json_rows import BETWEEN
from exports.events.log import Sort
from exports.events.merge import Head, Row, Standing

MOST_KEPT = 128  # indexes that are remembered

_INDEXES: dict[str, Index] = {}


def index_of(digest: str, file: BinaryIO) -> Index:
    """Return the index of a view, which never changes, without reading it again."""
    found = _INDEXES.get(digest)
    if found is None:
        while len(_INDEXES) >= MOST_KEPT:
            _INDEXES.pop(next(iter(_INDEXES)), None)
        found = _INDEXES[digest] = read_index(file)
    return found


@dataclass(frozen=True, slots=True)
class View:
    """One view of one segment, open."""

    digest: str
    sort: Sort
    file: BinaryIO
    index: Index

    def heads(self, bounds: Bounds, *, reverse: bool) -> Iterator[Head]:
        """Yield the blocks with events inside the bounds."""
        for at in self._near(bounds, reverse=reverse):
            block = self.index[at]
            low, high = self.ends(block)
            if bounds.miss(low, high, block.min_seq, block.max_seq):
                continue
            whole = bounds.hold(low, high, block.min_seq, block.max_seq)
            inside = None if whole else bounds
            opener = partial(self.rows, block, inside, reverse=reverse)
            if reverse:
                low, high = turned(high), turned(low)
            as_it_is = (
                Standing(self.digest, self.index, at) if whole and not reverse else None
            )
            yield Head(low, high, block.rows, opener, as_it_is)

    def _near(self, bounds: Bounds, *, reverse: bool) -> range:
        """Leave out the blocks that are wholly before or after the bounds."""
        name = "time" if self.sort is Sort.TIME else "stamp"
        start = bisect_left(self.index.column(f"last_{name}"), bounds.low[0])
        end = bisect_right(self.index.column(f"first_{name}"), bounds.high[0])
        return range(end - 1, start - 1, -1) if reverse else range(start, end)

    def ends(self, block: Block) -> tuple[Place, Place]:
        if self.sort is Sort.TIME:
            ats = block.first_time, block.last_time
        else:
            ats = block.first_stamp, block.last_stamp
        return (ats[0], block.first_seq), (ats[1], block.last_seq)

    def rows(self, block: Block, inside: Bounds | None, *, reverse: bool) -> list[Row]:
        """Return the events of a block, or those of them that are inside."""
        self.file.seek(block.offset)
        lines = inflated(self.file.read(block.size)).split(BETWEEN)
        rows = list(zip(self._places(block), lines, strict=True))
        if inside:
            rows = [row for row in rows if inside.has(row[0])]
        if reverse:
            rows = [(turned(place), line) for place, line in reversed(rows)]
        return rows

    def _places(self, block: Block) -> Iterator[Place]:
        self.file.seek(block.places_offset)
        packed = self.file.read(block.places_size)
        numbers = array("q")
        numbers.frombytes(isal_zlib.decompress(packed, RAW))
        times, stamps = numbers[: block.rows], numbers[block.rows : -block.rows]
        ats = times if self.sort is Sort.TIME else stamps
        return zip(ats, numbers[-block.rows :], strict=True)
