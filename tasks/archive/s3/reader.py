"""A stored file, read by ranges with the next one under way."""

import io
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

from tasks.archive.s3.bucket import Bucket, in_our_words
from tasks.archive.store import Missing
from tasks.archive.upload import StoreDown

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Who jumps about gets little at once, who reads on gets ever more.
FIRST_BYTES = 128 << 10
MOST_BYTES = 4 << 20
MOST_TRIES = 3


class BucketFile(io.RawIOBase):
    """Seekable, and holds no connection between two reads."""

    def __init__(self, bucket: Bucket, path: str, size: int) -> None:
        self._bucket = bucket
        self._path = path
        self._size = size
        self._at = 0
        self._block, self._start = b"", 0
        self._length = FIRST_BYTES
        self._ahead: tuple[int, Future[bytes]] | None = None
        self._threads: ThreadPoolExecutor | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"There is no byte {base + offset} in a file.")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        if self._at >= self._size or not view:
            return 0
        if not self._start <= self._at < self._start + len(self._block):
            self._load()
        piece = self._block[self._at - self._start :][: len(view)]
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        if self._threads:
            self._threads.shutdown(cancel_futures=True)
        self._threads, self._ahead, self._block = None, None, b""
        super().close()

    def _load(self) -> None:
        reads_on = self._at > 0 and self._at == self._start + len(self._block)
        self._length = min(2 * self._length, MOST_BYTES) if reads_on else FIRST_BYTES
        ahead, self._ahead = self._ahead, None
        if ahead and ahead[0] == self._at:
            self._block = ahead[1].result()
        else:
            self._block = self._fetch(self._at, self._length)
        self._start = self._at
        if reads_on:
            self._read_ahead(self._start + len(self._block))

    def _read_ahead(self, start: int) -> None:
        if start < self._size:
            self._threads = self._threads or ThreadPoolExecutor(1, "s3-ahead")
            future = self._threads.submit(self._fetch, start, self._length)
            self._ahead = (start, future)

    def _fetch(self, start: int, length: int) -> bytes:
        end = min(start + length, self._size)
        for left in reversed(range(MOST_TRIES)):
            try:
                return self._get(start, end)
            except StoreDown:
                if not left:
                    raise
        raise AssertionError("the last try returns or raises")

    def _get(self, start: int, end: int) -> bytes:
        with in_our_words():
            reply = self._bucket.client.get_object(
                Bucket=self._bucket.name,
                Key=self._bucket.place.key(self._path),
                Range=f"bytes={start}-{end - 1}",
            )
            with closing(reply["Body"]) as body:
                block = body.read()
        if len(block) != end - start:
            raise Missing(f"Of the bytes {start} to {end} only {len(block)} came.")
        return block
