"""What the libraries raise about bad input, said as a TableError."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import BadGzipFile
from lzma import LZMAError
from xml.etree.ElementTree import ParseError

import polars as pl
import pyarrow as pa
from isal import isal_zlib
from openpyxl.utils.exceptions import InvalidFileException

from exports.tables.errors import BadEncoding, BadRow, NotATable, TableError, TooLarge

DAMAGED = (
    BadGzipFile,
    EOFError,
    LZMAError,
    isal_zlib.error,
    zipfile.BadZipFile,
    zlib.error,
)
# What openpyxl lets through when the XML of a workbook is not as it expects.
WORKBOOK = (
    AttributeError,
    IndexError,
    InvalidFileException,
    KeyError,
    OverflowError,
    ParseError,
    TypeError,
    ValueError,
)
# A panic of Polars is no Exception, yet it is about one file, not about us.
POLARS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


@contextmanager
def damage_named() -> Iterator[None]:
    """Say that packed bytes are damaged, whichever library noticed."""
    try:
        yield
    except DAMAGED as error:
        raise NotATable(f"The file is damaged or cut off: {error}.") from error


@contextmanager
def workbook_faults_named() -> Iterator[None]:
    try:
        yield
    except RecursionError as error:
        raise TooLarge("The workbook's XML is nested too deeply.") from error
    except WORKBOOK as error:
        raise NotATable(f"The workbook cannot be read: {error}.") from error


def csv_fault(error: pa.ArrowInvalid, columns: list[str], first_row: int) -> TableError:
    """Translate Arrow's message, which counts rows and columns its own way."""
    text = str(error)
    row = numbered(r"Row #(\d+)", text)
    row = None if row is None else row + first_row - 1
    at = "A row" if row is None else f"Row {row}"
    if "straddling" in text:
        return TooLarge("A row is longer than 4 MiB, or a quote is never closed.")
    if "invalid UTF8" in text:
        column = columns[numbered(r"column #(\d+)", text) or 0]
        return BadEncoding(
            f"{at}, column {column!r}: the text is not UTF-8."
            " Declare the encoding it is in.",
            row=row,
            column=column,
        )
    if found := re.search(r"Expected (\d+) columns, got (\d+)", text):
        expected, got = found.groups()
        return BadRow(f"{at} has {got} cells where {expected} are expected.", row=row)
    return NotATable(f"The file cannot be read as delimited text: {text}")


def numbered(pattern: str, text: str) -> int | None:
    found = re.search(pattern, text)
    return int(found.group(1)) if found else None
