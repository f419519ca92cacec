"""A ZIP archive of one table in any other format."""

import zipfile
from collections.abc import Iterable
from typing import IO, cast

import polars as pl
from isal import isal_zlib

from exports.tables.write_csv import CsvWriter
from exports.tables.writer import DEFAULTS, Sink, WriteOptions, Writer

LEVEL = 1  # of isal: within a few per cent of zlib's level 6, many times faster


class ZipWriter(Writer):
    def __init__(
        self,
        out: Sink,
        columns: Iterable[str],
        options: WriteOptions = DEFAULTS,
        *,
        inner: type[Writer] = CsvWriter,
    ) -> None:
        super().__init__(out, columns, options)
        self.pipe = Pipe()
        self.archive = zipfile.ZipFile(cast("IO[bytes]", self.pipe), "w")
        self.member = open_member(self.archive, f"{options.member}.{options.inner}")
        self.inner = inner(self.member, self.columns, options)

    def head(self) -> bytes:
        self.inner.begin()
        return self.pipe.drain()

    def body(self, frame: pl.DataFrame) -> bytes:
        self.inner.write(frame)
        return self.pipe.drain()

    def tail(self) -> bytes:
        self.inner.close()
        self.abandon()
        return self.pipe.drain()

    def abandon(self) -> None:
        self.member.close()
        self.archive.close()


class Pipe:
    """What was written since it was last drained; zipfile takes it for a stream."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []

    def write(self, block: bytes, /) -> int:
        self.blocks.append(bytes(block))
        return len(block)

    def flush(self) -> None:
        """Do nothing: the writer drains."""

    def drain(self) -> bytes:
        drained, self.blocks = b"".join(self.blocks), []
        return drained


def open_member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Open a member that isal compresses, dated so that equal rows give equal bytes."""
    member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    handle = archive.open(member, "w", force_zip64=True)
    # The one private name here; zipfile offers no other way to a faster deflate.
    fast = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, -15)
    handle._compressor = fast  # type: ignore[attr-defined]  # noqa: SLF001
    return handle
