"""One sheet of a workbook, with the types its cells have."""

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, BinaryIO

import openpyxl
import polars as pl
from openpyxl.packaging.manifest import Manifest
from openpyxl.xml.constants import ARC_CONTENT_TYPES, WORKSHEET_TYPE
from openpyxl.xml.functions import fromstring

from exports.tables.errors import BadHeader, BadRow, NotATable, TooLarge
from exports.tables.faults import workbook_faults_named
from exports.tables.headers import check_names, join_rows
from exports.tables.source import Source
from exports.tables.spool import one_schema
from exports.tables.stream import check_cost
from exports.tables.types import Dialect, Frames, Limits, Table

ROWS_PER_FRAME = 20_000
MANIFEST_BYTES = 4 << 20
MAX_ROWS = 1 << 20  # of a sheet, by its format; a row number can claim more
SHEET_PLACE = re.compile(r"xl/worksheets/[^/]+\.xml")

Cells = tuple[Any, ...]


def read_xlsx(source: Source) -> Table:
    file = source.seekable()
    with workbook_faults_named(), ExitStack() as book:
        check_workbook(file, source.limits)
        rows = sheet_rows(file, source.dialect, book)
        names, first_row = take_header(rows, source.dialect)
        frames = typed_frames(rows, names, first_row)
        schema, frames = one_schema(frames, source.resources)
    schema = schema or {name: pl.String() for name in names}
    return Table(schema, frames, "xlsx", source.dialect, first_row)


def check_workbook(file: BinaryIO, limits: Limits) -> None:
    """Refuse a zip bomb by the sizes its directory gives, which bind the reading."""
    with zipfile.ZipFile(file) as archive:
        for part in archive.infolist():
            check_cost(part.file_size, part.compress_size, limits)
        if archive.getinfo(ARC_CONTENT_TYPES).file_size > MANIFEST_BYTES:
            raise TooLarge("The workbook has too many parts.")
        streamed = streamed_parts(archive)
        for part in archive.infolist():
            text = part.filename not in streamed
            if text and part.file_size > limits.workbook_text_bytes:
                raise TooLarge("The workbook holds too much text to read at once.")


def streamed_parts(archive: zipfile.ZipFile) -> set[str]:
    """Return the sheets. All other parts openpyxl reads into memory as a whole.

    A part counts as a sheet by its place and by its only declared type, as openpyxl
    would load one that is also declared to be the shared strings.
    """
    tree: Any = fromstring(archive.read(ARC_CONTENT_TYPES))
    manifest: Any = Manifest.from_tree(tree)
    declared: dict[str, set[str]] = {}
    for part in manifest.Override:
        declared.setdefault(part.PartName.lstrip("/"), set()).add(part.ContentType)
    return {
        name
        for name, types in declared.items()
        if types == {WORKSHEET_TYPE} and SHEET_PLACE.fullmatch(name)
    }


def sheet_rows(file: BinaryIO, dialect: Dialect, opened: ExitStack) -> Iterator[Cells]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what openpyxl leaves out is no table
        book = openpyxl.load_workbook(
            file, read_only=True, data_only=True, keep_links=False
        )
    opened.callback(book.close)
    sheet = pick_sheet(dict(enumerate(book.worksheets, 1)), dialect.sheet)
    sheet.reset_dimensions()  # writers get them wrong
    rows: Iterator[Cells] = sheet.iter_rows(values_only=True)
    return rows


def pick_sheet(sheets: dict[int, Any], wanted: int | str) -> Any:
    named = {sheet.title: sheet for sheet in sheets.values()}
    sheet = sheets.get(wanted) if isinstance(wanted, int) else named.get(wanted)
    if sheet is None:
        raise NotATable(
            f"The workbook has no sheet {wanted!r}; it has {', '.join(named)}."
        )
    return sheet


def take_header(rows: Iterator[Cells], dialect: Dialect) -> tuple[list[str], int]:
    headers = dialect.headers
    skipped = sum(1 for _ in islice(rows, dialect.skip_rows))
    if isinstance(headers, tuple) and isinstance(headers[0], str):
        return check_names([str(name) for name in headers]), skipped + 1
    first, last = (headers, headers) if isinstance(headers, int) else headers
    head = [texts(row) for row in islice(rows, int(last))]
    if len(head) < int(last) or not any(head):
        raise BadHeader("The sheet is empty: it has no header row.")
    return check_names(join_rows(head[int(first) - 1 :])), skipped + int(last) + 1


def texts(row: Cells) -> list[str]:
    """Return a header row as text, without the empty cells at its end."""
    cells = [cell_text(cell) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def typed_frames(rows: Iterator[Cells], names: list[str], number: int) -> Frames:
    while batch := next_rows(rows):
        if number + len(batch) > MAX_ROWS + 1:
            raise TooLarge(f"The sheet has more than {MAX_ROWS:,} rows.")
        fitted = (fit(row, len(names), at) for at, row in enumerate(batch, number))
        full = [row for row in fitted if any(cell is not None for cell in row)]
        columns = zip(*full, strict=True) if full else ([] for _ in names)
        yield pl.DataFrame([series(n, c) for n, c in zip(names, columns, strict=True)])
        number += len(batch)


def next_rows(rows: Iterator[Cells]) -> list[Cells]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about dates it cannot read
        return list(islice(rows, ROWS_PER_FRAME))


def fit(row: Cells, width: int, number: int) -> Cells:
    if any(cell is not None for cell in row[width:]):
        raise BadRow(
            f"Row {number} has cells beyond the {width} columns of the header.",
            row=number,
        )
    return (*row[:width], *[None] * (width - len(row)))


def series(name: str, cells: Any) -> pl.Series:
    kinds = {type(cell) for cell in cells} - {type(None)}
    dtype = dtype_of(kinds)
    if kinds == {datetime} and all(not c or c.time() == time() for c in cells):
        dtype = pl.Date()
        cells = [c and c.date() for c in cells]
    if dtype is None:
        cells = [None if cell is None else cell_text(cell) for cell in cells]
    return pl.Series(name, cells, dtype=dtype or pl.String(), strict=False)


def dtype_of(kinds: set[type]) -> pl.DataType | None:
    """Return the type of a column of these kinds, or None when only text holds them."""
    if not kinds:
        return pl.Null()
    numbers = pl.Float64() if float in kinds else pl.Int64()
    known: list[tuple[set[type], pl.DataType]] = [
        ({str}, pl.String()),
        ({int, float}, numbers),
        ({bool}, pl.Boolean()),
        ({date, datetime}, pl.Datetime("us")),
        ({time}, pl.Time()),
        ({timedelta}, pl.Duration("us")),
    ]
    return next((dtype for group, dtype in known if kinds <= group), None)


def cell_text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case date() | time():
            return cell.isoformat()
    return str(cell)
