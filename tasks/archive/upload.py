"""A file on its way into a store, hashed while it is written."""

import errno
import hashlib
import io
import os
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

BUFFER_BYTES = 128 * 1024  # what is larger goes to hash and disk without a copy
WRITE_BACK_BYTES = 8 << 20


class StoreError(Exception):
    """A file could not be kept or found."""


class StoreFull(StoreError):
    """The store has no room left."""


class StoreDown(StoreError):
    """The store does not answer, or not as it should; ask again."""

    code = "store_down"
    temporary = True
    retry_after_s = 10  # five attempts of a job outlast a restart of the store


@dataclass(frozen=True, slots=True)
class Stored:
    digest: str  # sha256 in hex
    size: int  # bytes


class Upload(io.RawIOBase):
    """Takes bytes to where a store keeps them; closing drops what is unpublished."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._size = 0

    def write(self, data: "ReadableBuffer", /) -> int:
        view = memoryview(data)
        try:
            self._put(view)
            self._sha256.update(view)
        except BaseException:
            # Otherwise the buffer above would write its bytes once more.
            self.close()
            raise
        self._size += len(view)
        return len(view)

    def tell(self) -> int:
        return self._size

    def writable(self) -> bool:
        return True

    def publish(self) -> Stored:
        """Make the file visible under its digest, whole and durable, and close."""
        stored = Stored(self._sha256.hexdigest(), self._size)
        self._publish(stored)
        self.close()
        return stored

    def _put(self, view: memoryview) -> None:
        raise NotImplementedError

    def _publish(self, stored: Stored) -> None:
        raise NotImplementedError


class StoreWriter(io.BufferedWriter):
    """Write, then commit; what is closed without a commit leaves nothing behind.

    It has no file number on purpose: Polars and Arrow would write to that and
    so past the hash.
    """

    def __init__(self, upload: Upload) -> None:
        super().__init__(upload, BUFFER_BYTES)
        self._upload = upload

    def commit(self) -> Stored:
        self.flush()
        return self._upload.publish()

    def close(self) -> None:
        # The upload first, so that nothing is flushed to what will be dropped.
        self._upload.close()
        super().close()


class LocalUpload(Upload):
    """A temporary file under `root/tmp/<fence>` that moves to its digest's place."""

    def __init__(self, root: Path, path: Path, file: int) -> None:
        super().__init__()
        self._root = root
        self._path = path
        self._file = file
        self._ahead = WriteBack(file)

    @classmethod
    def begin(cls, root: Path, fence: str) -> Self:
        path = root / "tmp" / fence / uuid.uuid4().hex
        return cls(root, path, _create(path))

    def _put(self, view: memoryview) -> None:
        with full_by_name():
            while view:
                count = os.write(self._file, view)
                self._ahead.wrote(count)
                view = view[count:]

    def _publish(self, stored: Stored) -> None:
        """Replace whatever has that digest: the same bytes, or a damaged file."""
        place = place_of(self._root, stored.digest)
        with full_by_name():
            self._ahead.end()
            os.fsync(self._file)
            _make_durable_folder(place.parent)
            self._path.replace(place)
            _sync_folder(place.parent)

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        self._path.unlink(missing_ok=True)
        with suppress(OSError):  # another file of the same fence is under way
            self._path.parent.rmdir()
        with suppress(OSError):  # nobody wants this file any more
            self._ahead.end()
        os.close(self._file)


class WriteBack:
    """Has a file reach the disk while it is written, so that its end is not waited for.

    What fails there is raised here: the system tells it only once.
    """

    def __init__(self, file: int) -> None:
        self._file = file
        self._waiting = 0  # bytes
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="write-back")
        self._running: Future[None] | None = None

    def wrote(self, count: int) -> None:
        self._waiting += count
        if self._waiting < WRITE_BACK_BYTES:
            return
        if self._running is None or self._running.done():
            self._raise()
            self._waiting = 0
            self._running = self._threads.submit(os.fsync, self._file)

    def end(self) -> None:
        self._threads.shutdown()
        self._raise()

    def _raise(self) -> None:
        running, self._running = self._running, None
        try:
            if running:
                running.result()
        except OSError as error:
            if error.errno != errno.EINVAL:  # what cannot be synced is told at the end
                raise


def place_of(root: Path, digest: str) -> Path:
    return root / digest[:2] / digest[2:4] / digest


@contextmanager
def full_by_name() -> Iterator[None]:
    """Raise StoreFull when the disk or the quota is used up."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreFull("The store has no room left.") from error
        raise


def _create(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        with full_by_name():
            _make_folder(path.parent)
            # The last upload of the same fence may just take its folder along.
            with suppress(FileNotFoundError):
                return os.open(path, flags, 0o644)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        # Or it was there, and was taken along before mkdir had looked again.
        if folder.is_file():
            raise


def _make_durable_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _sync_folder(folder.parent)
        _sync_folder(folder.parent.parent)


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
