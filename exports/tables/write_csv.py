"""CSV, the same bytes as Python's csv module writes."""

from typing import IO, cast

import polars as pl
from polars import selectors

from exports.tables.as_text import csv_ready
from exports.tables.pieces import Pieces
from exports.tables.writer import Writer

FORMULA = r"^[=@\t\r]"
SIGNED = r"^[+-]"
NUMBER = r"^[+-](?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?%?$"


class CsvWriter(Writer):
    """A header, newlines, and quotes only where they are needed."""

    delimiter = ","
    pastes = True

    def head(self) -> bytes:
        names = {str(n): [name] for n, name in enumerate(self.columns)}
        return self.body(pl.DataFrame(names)) if names else b""

    def body(self, frame: pl.DataFrame) -> bytes:
        frame = frame.select(csv_ready(frame.schema))
        text = selectors.string()
        if self.options.neutralise_formulas:
            frame = frame.with_columns(neutral(text))
        # Polars quotes empty strings; only as a whole line they need it.
        alone = frame.width == 1
        empty = text.fill_null("") if alone else pl.when(text != "").then(text)
        out = Pieces()
        frame.with_columns(empty).write_csv(
            cast("IO[bytes]", out), include_header=False, separator=self.delimiter
        )
        return out.drain()

    def tail(self) -> bytes:
        return b""


class TsvWriter(CsvWriter):
    """As CSV, cut by tabs."""

    delimiter = "\t"


def neutral(text: pl.Expr) -> pl.Expr:
    """Put an apostrophe before what a spreadsheet would run; numbers stay numbers."""
    signed = text.str.contains(SIGNED) & ~text.str.contains(NUMBER)
    runs = text.str.contains(FORMULA) | signed
    return pl.when(runs).then(pl.lit("'") + text).otherwise(text).name.keep()
