"""A file to read: what it is called, its bytes, and how to take them."""

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import BinaryIO

from exports.tables.stream import Stream
from exports.tables.types import Dialect, Limits


def temporary_file(resources: ExitStack) -> BinaryIO:
    """Return a file without a name, which even a crash does not leave behind."""
    return resources.enter_context(tempfile.TemporaryFile())


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    stream: Stream
    dialect: Dialect
    limits: Limits
    file: BinaryIO | None = None  # the same bytes, if they can be read in any order
    depth: int = 0  # how often it was unpacked
    resources: ExitStack = field(default_factory=ExitStack)

    def seekable(self) -> BinaryIO:
        """Return the file, through an unnamed temporary one if it is only a stream."""
        if self.file is not None:
            return self.file
        copy = temporary_file(self.resources)
        shutil.copyfileobj(self.stream, copy, 1 << 20)
        copy.seek(0)
        return copy
