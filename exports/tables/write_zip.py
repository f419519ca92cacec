"""A ZIP archive of one table in any other format."""

import zipfile
from functools import cached_property
from typing import IO, cast

import polars as pl

from exports.tables.pieces import Pieces
from exports.tables.write_csv import CsvWriter
from exports.tables.writer import DEFAULTS, Columns, Sink, WriteOptions, Writer
from tasks.archive.deflate import Deflate, deflate_threads

PACKED = {"parquet", "xlsx"}  # deflating them once more gains nothing


class ZipWriter(Writer):
    """One member, deflated on two threads that end with the file."""

    def __init__(
        self,
        out: Sink,
        columns: Columns,
        options: WriteOptions = DEFAULTS,
        *,
        inner: type[Writer] = CsvWriter,
    ) -> None:
        super().__init__(out, columns, options)
        self.pieces = Pieces()
        self.archive = zipfile.ZipFile(cast("IO[bytes]", self.pieces), "w")
        self.threads = deflate_threads()
        self.member = self.open_member()
        self.kind = inner

    @cached_property
    def inner(self) -> Writer:
        """The writer of the member, made once the types of its columns are known."""
        columns = self.columns if self.schema is None else self.schema
        return self.kind(self.member, columns, self.options)

    def head(self) -> bytes:
        self.noted = self.inner.noted
        self.inner.begin()
        return self.pieces.drain()

    def body(self, frame: pl.DataFrame) -> bytes:
        self.inner.write(frame)
        return self.pieces.drain()

    def paste(self, block: bytes, *, rows: int) -> None:
        self.begin()
        self.inner.paste(block, rows=rows)
        super().paste(self.pieces.drain(), rows=rows)

    def tail(self) -> bytes:
        try:
            self.inner.close()
        finally:
            self.let_go()
        return self.pieces.drain()

    def abandon(self) -> None:
        try:
            if self.begun:
                self.inner.abandon()
        finally:
            self.let_go()

    def let_go(self) -> None:
        try:
            self.member.close()
            self.archive.close()
        finally:
            self.threads.shutdown(cancel_futures=True)

    def open_member(self) -> IO[bytes]:
        """Open the member, dated so that equal rows give equal bytes."""
        name = f"{self.options.member}.{self.options.inner}"
        member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
        member.external_attr = 0o644 << 16
        if self.options.inner in PACKED:
            return self.archive.open(member, "w", force_zip64=True)
        member.compress_type = zipfile.ZIP_DEFLATED
        handle = self.archive.open(member, "w", force_zip64=True)
        # The one private name here; zipfile offers no other way to a faster deflate.
        handle._compressor = Deflate(self.threads)  # type: ignore[attr-defined]  # noqa: SLF001
        return handle
