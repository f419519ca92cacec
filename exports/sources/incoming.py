"""The bytes of a source on their way in: counted, hashed, ended when asked to."""

import hashlib
import io
from collections.abc import Callable
from contextlib import ExitStack
from threading import Event
from typing import TYPE_CHECKING, BinaryIO

from exports.tables.source import temporary_file
from tasks.errors import Stopped

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK_BYTES = 256 << 10
MAGIC_BYTES = 4
# Their directory is at the end, so they are read in any order: zip, xlsx, parquet.
PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"PAR1")


class Incoming(io.RawIOBase):
    """Read from front to back what `read_some(size)` gives; empty is the end."""

    def __init__(self, read_some: Callable[[int], bytes], stopped: Event) -> None:
        super().__init__()
        self._read_some = read_some
        self._stopped = stopped
        self._sha256 = hashlib.sha256()
        self._ahead = b""
        self.taken = 0
        self.ended = False

    @property
    def digest(self) -> str | None:
        """The sha256 in hex, once the source was read to its end."""
        return self._sha256.hexdigest() if self.ended else None

    def readable(self) -> bool:
        return True

    def peek(self) -> bytes:
        """Return the first bytes, which stay where they are."""
        while len(self._ahead) < MAGIC_BYTES and (more := self._take(BLOCK_BYTES)):
            self._ahead += more
        return self._ahead[:MAGIC_BYTES]

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            return self.readall()
        if self._ahead:
            piece, self._ahead = self._ahead[:size], self._ahead[size:]
            return piece
        return self._take(size)

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        piece = self.read(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def _take(self, size: int) -> bytes:
        check(self._stopped)
        piece = self._read_some(size)
        self._sha256.update(piece)
        self.taken += len(piece)
        self.ended = not piece and size > 0
        return piece


class Guarded(io.RawIOBase):
    """A file that can be sought, until somebody asks it to end."""

    def __init__(self, file: BinaryIO, stopped: Event) -> None:
        super().__init__()
        self._file = file
        self._stopped = stopped

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: "WriteableBuffer") -> int:
        check(self._stopped)
        view = memoryview(buffer).cast("B")
        piece = self._file.read(len(view))
        view[: len(piece)] = piece
        return len(piece)


def check(stopped: Event) -> None:
    if stopped.is_set():
        raise Stopped("The reading was stopped.")


def as_file(body: Incoming, stopped: Event, resources: ExitStack) -> BinaryIO:
    """Return the body as what a reader of tables takes.

    Text passes through; what is read in any order goes to an unnamed temporary file.
    """
    if not body.peek().startswith(PACKED):
        return body  # type: ignore[return-value]  # a raw file reads as any other
    file = temporary_file(resources)
    while block := body.read(BLOCK_BYTES):
        file.write(block)
    file.seek(0)
    return io.BufferedReader(Guarded(file, stopped))
