"""A count of all bytes off one connection, whatever they turn out to be."""

import io
from typing import TYPE_CHECKING

from tasks.outbound.errors import TooBig

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_HEAD_BYTES = 64 << 10
_BUFFER_BYTES = 64 << 10


class Meter(io.RawIOBase):
    """Pass the bytes of `source` on until one of its two budgets is used up.

    Status lines, headers, chunk sizes and trailers count as well, since each of
    them can be endless.
    """

    def __init__(self, source: io.RawIOBase, *, shown: str, max_bytes: int) -> None:
        self._source = source
        self._shown = shown
        self._max_bytes = max_bytes
        self._count = 0
        self._in_head = True

    def buffered(self) -> io.BufferedReader:
        return io.BufferedReader(self, _BUFFER_BYTES)

    def end_head(self) -> None:
        self._in_head = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        size: int | None = self._source.readinto(buffer)
        self._count += size or 0
        # The buffer reads ahead, so a good part of the count may be body already.
        if self._in_head and self._count > MAX_HEAD_BYTES + _BUFFER_BYTES:
            raise TooBig(f"{self._shown} sent endless headers.", code="head_too_big")
        if self._count > self._max_bytes:
            raise TooBig(f"{self._shown} sent more than {self._max_bytes} bytes.")
        return size

    def close(self) -> None:
        self._source.close()
        super().close()
