"""Bytes read once from front to back, with a look at what comes next."""

import io
from typing import Any, Protocol

from exports.tables.errors import TooLarge
from exports.tables.types import Limits

FREE_BYTES = 64 << 20  # below this the ratio says nothing about intent


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Stream(io.RawIOBase):
    """A reader of any source, also of one that cannot seek."""

    def __init__(self, source: Readable) -> None:
        super().__init__()
        self.source = source
        self.ahead = b""
        self.count = 0
        self.last = b""  # the last bytes handed out

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer only at the end, and keep them."""
        parts = [self.ahead]
        missing = size - len(self.ahead)
        while missing > 0 and (part := self.source.read(missing)):
            parts.append(part)
            missing -= len(part)
        self.ahead = b"".join(parts)
        return self.ahead[:size]

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            return self.readall()
        if len(self.ahead) < size:
            self.peek(size)
        taken, self.ahead = self.ahead[:size], self.ahead[size:]
        self.count += len(taken)
        self.last = taken[-64:] or self.last
        return taken

    def readinto(self, buffer: Any, /) -> int:
        part = self.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def readall(self) -> bytes:
        parts = []
        while part := self.read(1 << 20):
            parts.append(part)
        return b"".join(parts)


class Unpacked:
    """Decompressed bytes, counted against what they were made from."""

    def __init__(self, source: Readable, packed: Stream, limits: Limits) -> None:
        self.source = source
        self.packed = packed
        self.limits = limits
        self.count = 0

    def read(self, size: int, /) -> bytes:
        part = self.source.read(size)
        self.count += len(part)
        check_cost(self.count, self.packed.count, self.limits)
        return part


def check_cost(decoded: int, packed: int, limits: Limits) -> None:
    if decoded > limits.decoded_bytes:
        raise TooLarge(f"The file unpacks to more than {limits.decoded_bytes:,} bytes.")
    if decoded > FREE_BYTES and decoded > packed * limits.ratio:
        raise TooLarge(
            f"The file unpacks to more than {limits.ratio} times its size,"
            " as only a zip bomb does."
        )
