"""The ZIP archive that a workbook is."""

import zipfile
from typing import IO, cast

from exports.tables.pieces import Pieces
from tasks.archive.deflate import Deflate, deflate_threads


class Package:
    """Parts written one after another; `drain` gives the bytes made so far.

    No part is packed as ZIP64, after which Excel would offer to repair the file, so
    none may have 2 GiB.
    """

    def __init__(self) -> None:
        self.pieces = Pieces()
        self.archive = zipfile.ZipFile(cast("IO[bytes]", self.pieces), "w")
        self.threads = deflate_threads()

    def open(self, name: str) -> IO[bytes]:
        """Open a part, dated so that equal rows give equal bytes."""
        part = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
        part.external_attr = 0o644 << 16
        part.compress_type = zipfile.ZIP_DEFLATED
        handle = self.archive.open(part, "w")
        # The one private name here; zipfile offers no other way to a faster deflate.
        handle._compressor = Deflate(self.threads)  # type: ignore[attr-defined]  # noqa: SLF001
        return handle

    def add(self, name: str, text: str) -> None:
        with self.open(name) as part:
            part.write(text.encode())

    def drain(self) -> bytes:
        return self.pieces.drain()

    def close(self) -> None:
        try:
            self.archive.close()
        finally:
            self.threads.shutdown(cancel_futures=True)
