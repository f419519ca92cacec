"""A view of a segment, written: events as deflated JSON, in blocks, in one order.

The blocks stand one after another with what belongs between them, so that many of
them are sent as they are. After them stand the places of their events, and the index.
"""

from array import array
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import polars as pl
from isal import isal_zlib

from exports.events.gzipped import LEVEL, RAW, Piece, deflated
from exports.events.index import Block, index_bytes
from exports.events.json_rows import BETWEEN
from exports.events.names import SEQ, STAMP, TIME
from exports.tables.writer import Sink
from exports.tables.xlsx_rows import text_bytes

BLOCK_ROWS = 1_000
THREADS = 2
MOST_UNDER_WAY = 64  # blocks
LINE = "json"
PLACES = (TIME, STAMP, SEQ)
SEPARATOR, _ = deflated(BETWEEN)

Making = Future[tuple[bytes, Piece, bytes]]  # the block, and its places


class ViewWriter:
    """Takes events as lines of JSON with their places, in the view's order."""

    def __init__(self, out: Sink) -> None:
        self.rows = 0
        self._out = out
        self._offset = 0
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="view")
        self._under_way: deque[tuple[list[array[int]], Making]] = deque()
        self._waiting = pl.DataFrame()
        self._blocks: list[Block] = []
        self._places = bytearray()

    def add(self, lines: pl.DataFrame) -> None:
        """Take lines that end with what stands between events."""
        if self._waiting.height:
            lines = pl.concat([self._waiting, lines])
        whole = lines.height - lines.height % BLOCK_ROWS
        self._begin(lines.head(whole))
        self._waiting = lines.slice(whole)

    def close(self) -> None:
        self._begin(self._waiting)
        self._put(0)
        self._threads.shutdown()
        places_start = self._offset
        self._write(bytes(self._places))
        self._write(index_bytes(self._blocks, places_start, self._offset))

    def abandon(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    def _begin(self, lines: pl.DataFrame) -> None:
        self.rows += lines.height
        for part in lines.iter_slices(BLOCK_ROWS):
            text = text_bytes(part.get_column(LINE))[: -len(BETWEEN)]
            places = [array("q", part.get_column(name).to_list()) for name in PLACES]
            self._under_way.append((places, self._threads.submit(made, text, places)))
            self._put(MOST_UNDER_WAY)

    def _put(self, most: int) -> None:
        while len(self._under_way) > most:
            places, coming = self._under_way.popleft()
            text, piece, packed = coming.result()
            if self._blocks:
                self._write(SEPARATOR)
            self._blocks.append(
                block(self._offset, piece, len(self._places), len(packed), places)
            )
            self._places += packed
            self._write(text)

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._offset += len(data)


def made(text: memoryview, places: "list[array[int]]") -> tuple[bytes, Piece, bytes]:
    packed = b"".join(numbers.tobytes() for numbers in places)
    return *deflated(text), isal_zlib.compress(packed, LEVEL, RAW)


def block(
    offset: int,
    piece: Piece,
    places_offset: int,
    places_size: int,
    places: "list[array[int]]",
) -> Block:
    times, stamps, seqs = places
    return Block(
        rows=len(seqs),
        offset=offset,
        size=piece.size,
        plain_size=piece.plain_size,
        crc=piece.crc,
        places_offset=places_offset,
        places_size=places_size,
        first_time=times[0],
        last_time=times[-1],
        first_stamp=stamps[0],
        last_stamp=stamps[-1],
        first_seq=seqs[0],
        last_seq=seqs[-1],
        min_seq=min(seqs),
        max_seq=max(seqs),
    )
