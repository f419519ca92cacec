"""Files kept under the sha256 of what is in them.

`Store` is the seam: what keeps files elsewhere has these methods, and gives its
own `Upload` to `StoreWriter`.
"""

import hashlib
import os
import re
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from pkgutil import resolve_name
from typing import BinaryIO, Protocol, cast
from urllib.parse import unquote, urlsplit

from tasks.archive.upload import LocalUpload, StoreWriter, place_of
from tasks.archive.upload import Stored as Stored
from tasks.archive.upload import StoreDown as StoreDown
from tasks.archive.upload import StoreError as StoreError
from tasks.archive.upload import StoreFull as StoreFull

DIGEST = re.compile(r"[0-9a-f]{64}")
FENCE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


class Missing(StoreError):
    """A file is not in the store, or not all of it."""


class Store(Protocol):
    is_local: bool  # a look at its files costs no request

    def writer(self, *, fence: str) -> StoreWriter:
        """Begin a file; nobody sees it before it is committed."""

    def open(self, digest: str, *, size: int | None = None) -> BinaryIO:
        """Open a file, seekable; raise Missing if it is gone or not `size` long."""

    def path(self, digest: str) -> Path | None:
        """Return where a file is on this machine, if it is."""

    def link(
        self, digest: str, *, headers: Mapping[str, str], expires_s: int
    ) -> str | None:
        """Return an address at which the store itself hands the file out, if any.

        It does so with these headers, to whoever knows the address.
        """

    def size(self, digest: str) -> int:
        """Return the bytes of a file or raise Missing."""

    def exists(self, digest: str) -> bool: ...

    def check(self, digest: str) -> bool:
        """Read a whole file to tell whether it still is what was stored."""

    def delete(self, digest: str) -> bool:
        """Remove a file; False when there was none."""

    def digests(self, *, older_than_s: float = 0) -> Iterator[str]:
        """Name all files, in order, that were last committed before that."""

    def sweep_tmp(self, *, keep: Collection[str] = (), older_than_s: float = 0) -> int:
        """Remove what dead writers left behind, but not of the fences to keep."""

    def free_bytes(self) -> int: ...

    def ping(self) -> None:
        """Write and remove a small file, or raise."""


class LocalStore:
    """A folder: files in `ab/cd/<digest>`, unfinished ones in `tmp/<fence>`."""

    is_local = True

    def __init__(self, root: Path) -> None:
        self.root = root

    def writer(self, *, fence: str) -> StoreWriter:
        return StoreWriter(LocalUpload.begin(self.root, checked_fence(fence)))

    def open(self, digest: str, *, size: int | None = None) -> BufferedReader:
        try:
            file = self._place(digest).open("rb")
        except FileNotFoundError as error:
            raise Missing(f"{digest} is not in the store.") from error
        found = os.fstat(file.fileno()).st_size
        if size is not None and found != size:
            file.close()
            raise Missing(f"{digest} has {found} of {size} bytes.")
        return file

    def path(self, digest: str) -> Path | None:
        return self._place(digest) if self.exists(digest) else None

    def link(
        self, digest: str, *, headers: Mapping[str, str], expires_s: int
    ) -> str | None:
        checked_digest(digest)
        return None

    def size(self, digest: str) -> int:
        try:
            return self._place(digest).stat().st_size
        except FileNotFoundError as error:
            raise Missing(f"{digest} is not in the store.") from error

    def exists(self, digest: str) -> bool:
        return self._place(digest).is_file()

    def check(self, digest: str) -> bool:
        with self.open(digest) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest

    def delete(self, digest: str) -> bool:
        try:
            self._place(digest).unlink()
        except FileNotFoundError:
            return False
        return True

    def digests(self, *, older_than_s: float = 0) -> Iterator[str]:
        before = time.time() - older_than_s
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]")):
            for file in sorted(folder.iterdir()):
                if DIGEST.fullmatch(file.name) and _older(file, before):
                    yield file.name

    def sweep_tmp(self, *, keep: Collection[str] = (), older_than_s: float = 0) -> int:
        before, removed = time.time() - older_than_s, 0
        for folder in self.root.glob("tmp/*"):
            files = list(folder.glob("*"))
            if folder.name in keep or not all(
                _older(file, before) for file in [folder, *files]
            ):
                continue
            shutil.rmtree(folder, ignore_errors=True)
            removed += len(files)
        return removed

    def free_bytes(self) -> int:
        self.root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free

    def ping(self) -> None:
        with self.writer(fence="ping") as writer:
            writer.write(b"ping")
            writer.flush()

    def _place(self, digest: str) -> Path:
        return place_of(self.root, checked_digest(digest))


def checked_digest(digest: str) -> str:
    if not DIGEST.fullmatch(digest):
        raise ValueError(f"{digest!r} is not a sha256 in hex.")
    return digest


def checked_fence(fence: str) -> str:
    if not FENCE.fullmatch(fence):
        raise ValueError(f"{fence!r} cannot name a folder.")
    return fence


def _older(path: Path, before: float) -> bool:
    try:
        return path.stat().st_mtime <= before
    except FileNotFoundError:
        return False


def open_store(
    url: str, *, endpoint_url: str = "", public_url: str = "", region: str = ""
) -> Store:
    """Read the setting STORE_URL: a folder, `file://` or `s3://bucket/prefix`."""
    parts = urlsplit(url)
    if parts.scheme == "s3":
        # Who keeps files in a folder need not have boto3 in memory.
        open_s3 = resolve_name("tasks.archive.s3:open_s3")
        opened = open_s3(
            url, endpoint_url=endpoint_url, public_url=public_url, region=region
        )
        return cast("Store", opened)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"}:
        return LocalStore(Path(unquote(parts.path)))
    if "://" in url:
        raise ValueError("STORE_URL names neither a folder, file:/// nor s3://.")
    return LocalStore(Path(url or "var/store"))
