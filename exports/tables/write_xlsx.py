"""An Excel workbook: one sheet, and further ones for what it cannot hold."""

from typing import IO

import polars as pl

from exports.tables.errors import TooLarge
from exports.tables.writer import (
    DEFAULTS,
    SHEET_ROWS,
    Columns,
    Sink,
    WriteOptions,
    Writer,
)
from exports.tables.xlsx_package import Package
from exports.tables.xlsx_parts import (
    SHEET_TAIL,
    first_parts,
    last_parts,
    sheet_head,
    sheet_part,
    sheet_title,
)
from exports.tables.xlsx_rows import RowMaker, small_frames
from exports.tables.xlsx_text import MAX_UNITS, cut

MAX_COLUMNS = 16_384
SHEET_BYTES = 1_800_000_000  # then a further sheet begins, as a part ends at 2 GiB
CUT_NAME = f"cut to {MAX_UNITS:,} characters, the most that a cell holds"


class XlsxWriter(Writer):
    """Writes numbers, booleans, dates and times as such, all else as text.

    Text is never a formula. What a workbook cannot hold is text too, or cut if it is
    longer than a cell, and remarked: numbers that are no double (beyond 2^53, more
    than 15 digits, not finite), dates outside its calendar, parts of a millisecond.
    Times with a zone are ISO text. Raises TooLarge if there are too many columns.
    """

    def __init__(
        self, out: Sink, columns: Columns, options: WriteOptions = DEFAULTS
    ) -> None:
        super().__init__(out, columns, options)
        if len(self.columns) > MAX_COLUMNS:
            raise TooLarge(
                f"A sheet holds {MAX_COLUMNS:,} columns at most, and this table has"
                f" {len(self.columns):,}. Select fewer, or choose another format."
            )
        self.sheet_rows = min(max(options.sheet_rows, 1), SHEET_ROWS)
        self.package = Package()
        self.sheet: IO[bytes] | None = None  # between the first row and the last
        self.titles: list[str] = []
        self.rows_left = 0
        self.bytes_left = 0
        self.maker = RowMaker({}, self.noted)

    def head(self) -> bytes:
        for name, text in first_parts().items():
            self.package.add(name, text)
        self.begin_sheet()
        for name in self.columns:
            if cut(name) != name:
                self.noted.add([0], name, CUT_NAME)
        return self.package.drain()

    def body(self, frame: pl.DataFrame) -> bytes:
        if self.maker.schema != frame.schema:
            self.maker = RowMaker(dict(frame.schema), self.noted)
        number = self.rows + 1
        for part in small_frames(frame):
            self.add_rows(part, number)
            number += part.height
        return self.package.drain()

    def tail(self) -> bytes:
        self.end_sheet()
        for name, text in last_parts(self.titles).items():
            self.package.add(name, text)
        self.package.close()
        return self.package.drain()

    def abandon(self) -> None:
        try:
            self.end_sheet()
        finally:
            self.package.close()

    def add_rows(self, frame: pl.DataFrame, number: int) -> None:
        while frame.height:
            if not self.rows_left or self.bytes_left < 0:
                self.begin_sheet()
            fitting = frame.head(self.rows_left)
            self.put_rows(fitting, number)
            number += fitting.height
            frame = frame.slice(fitting.height)

    def put_rows(self, frame: pl.DataFrame, number: int) -> None:
        xml = self.maker.rows_xml(frame, number)
        if self.sheet:
            self.sheet.write(xml)
        self.rows_left -= frame.height
        self.bytes_left -= len(xml)

    def begin_sheet(self) -> None:
        self.end_sheet()
        number = len(self.titles) + 1
        self.titles.append(sheet_title(self.options.sheet, number))
        self.rows_left, self.bytes_left = self.sheet_rows, SHEET_BYTES
        self.sheet = self.package.open(sheet_part(number))
        self.sheet.write(sheet_head(self.columns, self.schema or {}).encode())

    def end_sheet(self) -> None:
        if self.sheet:
            self.sheet.write(SHEET_TAIL.encode())
            self.sheet.close()
            self.sheet = None
