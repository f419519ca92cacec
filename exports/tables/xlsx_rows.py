"""The rows of a frame as a sheet's XML."""

from collections.abc import Iterator
from itertools import groupby
from typing import cast

import polars as pl
from pyarrow import Buffer

from exports.tables.remarks import Remarks
from exports.tables.types import Schema
from exports.tables.xlsx_cells import Case, Cells, cells_of, known_to_workbooks
from exports.tables.xlsx_text import MAX_UNITS, cut, is_long

# Parts this small stay in the processor's cache.
ROWS = 16_384
CELLS = 1 << 20
BYTES = 16 << 20
CUT_TEXT = f"cut to {MAX_UNITS:,} characters, the most that a cell holds"

Met = dict[int, list[Case]]  # the cases that some rows have, by their columns


def small_frames(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cut a frame so that the XML of each part stays small."""
    row_bytes = max(int(frame.estimated_size()) // max(frame.height, 1), 1)
    size = min(ROWS, CELLS // max(frame.width, 1), BYTES // row_bytes)
    return frame.iter_slices(max(size, 1))


class RowMaker:
    """Makes the XML of frames of one schema, and remarks on what it changes.

    Columns go by their places, as a name may be a pattern to Polars.
    """

    def __init__(self, schema: Schema, remarks: Remarks) -> None:
        self.schema = schema
        self.remarks = remarks
        self.names = list(schema)
        self.known = [
            known_to_workbooks(pl.nth(n), dtype).alias(name)
            for n, (name, dtype) in enumerate(schema.items())
        ]
        types = list(pl.DataFrame(schema=schema).select(self.known).dtypes)
        self.texts = [n for n, dtype in enumerate(types) if dtype == pl.String]
        self.cells = [cells_of(pl.nth(n), dtype) for n, dtype in enumerate(types)]
        self.cases = [(n, c) for n, cells in enumerate(self.cells) for c in cells.cases]

    def rows_xml(self, frame: pl.DataFrame, first: int) -> memoryview:
        """Return the XML of rows of which the first has this number."""
        frame = self.fitting(frame.select(self.known), first)
        met = self.met(frame)
        self.remark(frame, met, first)
        row = pl.concat_str(joined(self.pieces(frame, met)))
        return text_bytes(frame.select(row.alias("row")).to_series())

    def pieces(self, frame: pl.DataFrame, met: Met) -> Iterator[str | pl.Expr]:
        yield "<row>"
        for n, (cells, column) in enumerate(
            zip(self.cells, frame.get_columns(), strict=True)
        ):
            yield from cell_pieces(cells, met.get(n, []), nulls=column.has_nulls())
        yield "</row>"

    def fitting(self, frame: pl.DataFrame, first: int) -> pl.DataFrame:
        """Shorten the texts that are too long for a cell."""
        sizes = frame.select(pl.nth(self.texts).str.len_bytes().max())
        for n, size in zip(self.texts, sizes.row(0) if self.texts else (), strict=True):
            if size is not None and size > MAX_UNITS:
                frame = self.shortened(frame, n, first)
        return frame

    def shortened(self, frame: pl.DataFrame, n: int, first: int) -> pl.DataFrame:
        long = frame.select(is_long(pl.nth(n)).arg_true()).to_series()
        column = frame.to_series(n)
        shorter = [cut(text) for text in column.gather(long)]
        self.remarks.add((long + first).to_list(), self.names[n], CUT_TEXT)
        return frame.with_columns(column.scatter(long, shorter))

    def met(self, frame: pl.DataFrame) -> Met:
        masks = [
            case.mask.any().alias(str(n)) for n, (_, case) in enumerate(self.cases)
        ]
        found = frame.select(masks).row(0) if masks else ()
        pairs = [pair for pair, is_met in zip(self.cases, found, strict=True) if is_met]
        by_column = groupby(pairs, key=lambda pair: pair[0])
        return {n: [case for _, case in group] for n, group in by_column}

    def remark(self, frame: pl.DataFrame, met: Met, first: int) -> None:
        for n, cases in met.items():
            for case in cases:
                if case.remark:
                    rows = frame.select(case.mask.arg_true()).to_series() + first
                    self.remarks.add(rows.to_list(), self.names[n], case.remark)


def cell_pieces(
    cells: Cells, cases: list[Case], *, nulls: bool
) -> Iterator[str | pl.Expr]:
    """Give what a column adds to a row: in most frames text around its value."""
    value = cells.value
    if cases and cases[0].suits_all:
        value, cases = cases[0].value, []
    if not cases and not nulls:
        yield from (cells.shape.before, value, cells.shape.after)
        return
    cell = cells.shape.of(value)
    for case in reversed(cases):
        cell = pl.when(case.mask).then(case.shape.of(case.value)).otherwise(cell)
    yield cell.fill_null(pl.lit("<c/>"))


def joined(pieces: Iterator[str | pl.Expr]) -> Iterator[pl.Expr]:
    """Join neighbouring texts into one literal."""
    for is_text, group in groupby(pieces, key=lambda piece: isinstance(piece, str)):
        if is_text:
            yield pl.lit("".join(str(piece) for piece in group))
        else:
            yield from (piece for piece in group if not isinstance(piece, str))


def text_bytes(texts: pl.Series) -> memoryview:
    """Return all texts one after another, as they lie in memory."""
    array = texts.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    offsets, content = (cast("Buffer", block) for block in array.buffers()[1:])
    places = memoryview(offsets).cast("q")
    start, end = places[array.offset], places[array.offset + len(array)]
    return memoryview(content)[start:end]
