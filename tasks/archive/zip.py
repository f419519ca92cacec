"""A ZIP of many stored files, written as a stream."""

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, BinaryIO, Protocol

from isal import isal_zlib
from stream_zip import (
    NO_COMPRESSION_32,
    NO_COMPRESSION_64,
    ZIP_32,
    ZIP_64,
    Method,
    stream_zip,
)

from tasks.archive.deflate import LEVEL, Deflate, deflate_threads
from tasks.archive.names import extension

READ_BYTES = 256 * 1024
WRITE_BYTES = 256 * 1024
REGULAR_FILE = 0o100644

# What ends a ZIP without the 64-bit records: 4 GiB, and 65,535 files.
MAX_BYTES_32 = 0xFFFFFFFF
MAX_MEMBERS_32 = 0xFFFF - 1
HEADER_BYTES = 1024  # more than the records around a member need

# The same bytes whenever they are written, so that a store can reuse them.
EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
END = datetime(2107, 12, 31, tzinfo=UTC)

# Windows would take a backslash or a drive for a folder; NUL ends a name early.
NEVER_IN_A_NAME = re.compile(r"[\\\x00-\x1f\x7f]|^[A-Za-z]:")

COMPRESSED = {
    *{"7z", "br", "bz2", "gz", "tgz", "xz", "zip", "zst"},
    *{"docx", "ods", "odt", "parquet", "pptx", "xlsx"},
    *{"avif", "gif", "jpeg", "jpg", "mp3", "mp4", "png", "webm", "webp"},
}


class SizeChanged(Exception):
    """A file has not the size it was announced with."""


class Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    name: str  # may have folders: `data/gdp.csv`
    open: Callable[[], BinaryIO]  # called twice if the content is compressed already
    size: int  # bytes
    modified_at: datetime | None = None  # with a time zone
    compressed: bool | None = None  # whether the content is; by the name if None


def write_zip(
    out: Writable, members: Iterable[Member], *, level: int = LEVEL
) -> Generator[int, None, None]:
    """Write the members in turn; yield the bytes so far, every 256 KiB or less.

    The same members give the same bytes. Give distinct names, see `unique_names`;
    raise ValueError for one that would leave the folder it is unpacked in. Who stops
    before the end closes this, which ends the threads that deflate.
    """
    written = 0
    with deflate_threads() as threads:
        # It has the methods of zlib's compressor, which its type does not say.
        compressor: Any = partial(Deflate, threads, level=level)
        for chunk in stream_zip(
            _entries(members),
            chunk_size=WRITE_BYTES,
            get_compressobj=compressor,
            extended_timestamps=False,
        ):
            out.write(chunk)
            written += len(chunk)
            yield written


Entry = tuple[str, datetime, int, Method, Iterable[bytes]]


def _entries(members: Iterable[Member]) -> Iterator[Entry]:
    at_most = 0  # an upper bound of where the next member starts
    for count, member in enumerate(members, start=1):
        _refuse_escape(member.name)
        # Deflate adds a little to what cannot be made smaller.
        at_most += member.size + member.size // 100
        at_most += HEADER_BYTES + len(member.name.encode())
        wide = at_most > MAX_BYTES_32 or count > MAX_MEMBERS_32
        method = _method(member, wide=wide)
        yield member.name, _time(member), REGULAR_FILE, method, _blocks(member)


def _refuse_escape(name: str) -> None:
    if NEVER_IN_A_NAME.search(name) or {"", ".", ".."} & set(name.split("/")):
        raise ValueError(f"{name!r} cannot be a name in a ZIP.")


def _time(member: Member) -> datetime:
    at = (member.modified_at or EPOCH).astimezone(UTC)
    return min(max(at, EPOCH), END)


def _method(member: Member, *, wide: bool) -> Method:
    compressed = member.compressed
    if compressed is None:
        compressed = extension(member.name) in COMPRESSED
    if not compressed:
        return ZIP_64 if wide else ZIP_32
    crc = 0
    for block in _blocks(member):
        crc = isal_zlib.crc32(block, crc)
    plain = NO_COMPRESSION_64 if wide else NO_COMPRESSION_32
    return plain(member.size, crc)


def _blocks(member: Member) -> Iterator[bytes]:
    left = member.size
    with member.open() as file:
        while block := file.read(READ_BYTES):
            left -= len(block)
            yield block
    if left:
        raise SizeChanged(f"{member.name} is not {member.size} bytes long.")
