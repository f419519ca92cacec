"""The values that readers and writers of tables share."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import polars as pl

Schema = Mapping[str, pl.DataType]
Frames = Iterator[pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file lays out its table; what is left empty is detected.

    `headers` counts from 1 after the skipped lines, as tabulator does: a row number,
    the first and last row of a header of several rows, or the names themselves.
    """

    delimiter: str = ""
    encoding: str = ""
    quote: str | None = None  # "" when quotes mean nothing
    escape: str = ""
    headers: int | tuple[int, int] | tuple[str, ...] = 1
    sheet: int | str = 1  # of a workbook: number from 1, or name
    skip_rows: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a source may cost; compressed bytes are cheap to send and dear to read."""

    decoded_bytes: int = 64 << 30
    ratio: int = 400  # decoded to compressed, once past the first 64 MiB
    workbook_text_bytes: int = 512 << 20  # a workbook's shared strings stay in memory


@dataclass(slots=True)
class Table:
    """Rows read once from front to back, in frames of one schema."""

    schema: Schema
    frames: Frames
    format: str
    dialect: Dialect
    first_row: int = 2  # of the data, as a spreadsheet counts: the header is row 1
    resources: ExitStack = field(default_factory=ExitStack)

    @property
    def columns(self) -> list[str]:
        return list(self.schema)

    def __iter__(self) -> Frames:
        return self.frames

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what reading opened; the caller's own source stays open."""
        close = getattr(self.frames, "close", None)
        if close is not None:
            close()
        self.resources.close()
