"""Deflate on two threads, in the shape of zlib's compressor."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from isal import isal_zlib

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# 3 is the one level of isal that keeps CSV within a tenth of zlib's size at 6.
LEVEL = 3
THREADS = 2
BLOCK_BYTES = 256 * 1024
WINDOW_BYTES = 32 * 1024  # how far back deflate can point: RFC 1951 2
MAX_UNDER_WAY = 16  # blocks: as much as one frame of a table


def deflate_threads() -> ThreadPoolExecutor:
    """Return threads for all that goes into one file; they start with the first block.

    Use it as a context manager, or shut it down: its threads end with the file.
    """
    return ThreadPoolExecutor(THREADS, thread_name_prefix="deflate")


class Deflate:
    """Raw deflate; equal bytes in, however they are cut, give equal bytes out.

    A block is what isal makes of it after the end of the one before, so one thread
    need not wait for the other. What fits into one block needs no thread at all.
    """

    def __init__(self, threads: ThreadPoolExecutor, *, level: int = LEVEL) -> None:
        self._threads = threads
        self._level = level
        self._block = bytearray()
        self._window = b""
        self._under_way: deque[Future[bytes]] = deque()

    def compress(self, data: "ReadableBuffer", /) -> bytes:
        """Take all of the data; return what is ready by now."""
        view = memoryview(data).cast("B")
        done: list[bytes] = []
        while view:
            room = BLOCK_BYTES - len(self._block)
            self._block += view[:room]
            view = view[room:]
            if len(self._block) == BLOCK_BYTES:
                self._begin_block()
                done += self._ready(MAX_UNDER_WAY)
        return b"".join(done)

    def flush(self) -> bytes:
        """Return the rest, with the mark that ends the stream."""
        last = deflated(self._block, self._window, self._level, isal_zlib.Z_FINISH)
        return b"".join([*self._ready(0), last])

    def _begin_block(self) -> None:
        block, self._block = self._block, bytearray()
        self._under_way.append(
            self._threads.submit(
                deflated, block, self._window, self._level, isal_zlib.Z_SYNC_FLUSH
            )
        )
        self._window = bytes(block[-WINDOW_BYTES:])

    def _ready(self, most: int) -> list[bytes]:
        """Take blocks in order: the finished ones, and more until `most` are left."""
        taken = []
        while self._under_way and (
            len(self._under_way) > most or self._under_way[0].done()
        ):
            taken.append(self._under_way.popleft().result())
        return taken


def deflated(block: bytearray, window: bytes, level: int, end: int) -> bytes:
    """Compress a block that may point back into the window before it.

    Unless it is the last, it ends at a whole byte, so that the next can follow.
    """
    one = isal_zlib.compressobj(level, isal_zlib.DEFLATED, -15, zdict=window)
    return one.compress(block) + one.flush(end)
