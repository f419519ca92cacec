"""What every writer of tables does: count, and finish only what went well."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import polars as pl

from exports.tables.errors import UnknownColumn
from exports.tables.remarks import Remark, Remarks
from exports.tables.types import Schema

SHEET_ROWS = (1 << 20) - 1  # what a sheet holds besides its header

Columns = Schema | Iterable[str]  # names alone, or with the types of the cells


class Sink(Protocol):
    """Where bytes go; `BinaryIO` is one."""

    def write(self, block: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """What a caller may choose; a format looks only at what concerns it."""

    neutralise_formulas: bool = False  # CSV: keep spreadsheets from running cells
    inner: str = "csv"  # ZIP: the format of its one member
    member: str = "data"  # ZIP: the member's name without its extension
    sheet: str = "Sheet1"  # XLSX: the name of the first sheet
    sheet_rows: int = SHEET_ROWS  # XLSX: after so many rows a further sheet begins


DEFAULTS = WriteOptions()


class Writer(ABC):
    """Writes frames of one table one after another; counts rows and bytes.

    Formats that hold types take those of the columns, else those of the first frame.
    Nothing else happens between two calls, so a caller may stop for good after any.
    Used as a context manager it is closed at the end, but left unfinished after an
    error: half a table must not look like a whole one.
    """

    # Rows follow each other and say nothing about where in the file they are.
    pastes = False

    def __init__(
        self, out: Sink, columns: Columns, options: WriteOptions = DEFAULTS
    ) -> None:
        self.out = out
        self.schema = dict(columns) if isinstance(columns, Mapping) else None
        self.columns = list(columns)
        self.options = options
        self.rows = 0
        self.bytes = 0
        self.noted = Remarks()
        self.begun = False

    @abstractmethod
    def head(self) -> bytes: ...

    @abstractmethod
    def body(self, frame: pl.DataFrame) -> bytes: ...

    @abstractmethod
    def tail(self) -> bytes: ...

    @property
    def remarks(self) -> list[Remark]:
        """The first cells that could not be written quite as they were."""
        return self.noted.first

    @property
    def remarked(self) -> int:
        """How many such cells there are in all."""
        return self.noted.count

    def write(self, frame: pl.DataFrame) -> None:
        if missing := set(self.columns) - set(frame.columns):
            name = min(missing)
            raise UnknownColumn(f"The rows have no column {name!r}.", column=name)
        if frame.columns != self.columns:
            frame = frame.select(frame.get_column(name) for name in self.columns)
        if self.schema is None:
            self.schema = dict(frame.schema)
        self.begin()
        if frame.height and self.columns:
            self.put(self.body(frame))
            self.rows += frame.height

    def begin(self) -> None:
        if not self.begun:
            self.begun = True
            self.put(self.head())

    def go_on(self) -> None:
        """Write rows alone, which another writer of the same columns is to paste."""
        self.begun = True

    def paste(self, block: bytes, *, rows: int) -> None:
        """Add what a writer that went on has written, with `rows` beginning there.

        Only for formats with `pastes`. In pieces, the first has all of the rows.
        """
        self.begin()
        self.put(block)
        self.rows += rows

    def close(self) -> None:
        self.begin()
        self.put(self.tail())

    def abandon(self) -> None:  # noqa: B027 - most formats hold nothing open
        """Let go without finishing."""

    def put(self, block: bytes) -> None:
        self.out.write(block)
        self.bytes += len(block)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abandon()
