"""A file whose reading keeps a job's step alive, and ends when the job must."""

import io
from time import monotonic
from typing import TYPE_CHECKING, BinaryIO

from tasks.engine.lease import Lease
from tasks.errors import Stopped

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK_BYTES = 256 << 10


class WatchedFile(io.BufferedReader):
    """Reads `file`; each block counts as a sign of life of the running step."""

    def __init__(self, file: BinaryIO, lease: Lease) -> None:
        self._source = _Source(file, lease)
        super().__init__(self._source, BLOCK_BYTES)

    @property
    def taken(self) -> int:
        """Bytes read from the file so far, by the furthest position."""
        return self._source.furthest


class _Source(io.RawIOBase):
    def __init__(self, file: BinaryIO, lease: Lease) -> None:
        self.file, self.lease, self.furthest = file, lease, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self.file.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def readinto(self, buffer: "WriteableBuffer") -> int:
        if self.lease.over:
            raise Stopped("The job was stopped.")
        if self.lease.step_began is not None:  # else it reads ahead between two steps
            self.lease.step_began = monotonic()
        view = memoryview(buffer).cast("B")
        block = self.file.read(len(view))
        view[: len(block)] = block
        self.furthest += len(block)
        return len(block)
