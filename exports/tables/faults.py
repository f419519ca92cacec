"""What the libraries raise about bad input, said as a TableError."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import BadGzipFile
from lzma import LZMAError
from typing import cast
from xml.etree.ElementTree import ParseError

import polars as pl
import pyarrow as pa
from isal import isal_zlib
from openpyxl.utils.exceptions import InvalidFileException

from exports.tables.errors import BadEncoding, BadRow, NotATable, TableError, TooLarge

DAMAGED: tuple[type[Exception], ...] = (
    BadGzipFile,
    EOFError,
    LZMAError,
    cast("type[Exception]", isal_zlib.error),
    zipfile.BadZipFile,
    zlib.error,
)
# What openpyxl lets through when the XML of a workbook is not as it expects.
WORKBOOK = (
    AttributeError,
    IndexError,
    InvalidFileException,
    KeyError,
    NotImplementedError,
    OverflowError,
    ParseError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)
# A panic of Polars is no Exception, yet it is about one file, not about us.
POLARS: tuple[type[BaseException], ...] = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
)


@contextmanager
def damage_named() -> Iterator[None]:
    """Say that packed bytes are damaged, whichever library noticed."""
    try:
        yield
    except DAMAGED as error:
        raise NotATable(f"The file is damaged or cut off: {said(error)}.") from error


@contextmanager
def refusals_named() -> Iterator[None]:
    """Say that Polars refuses a file, for whatever no reader foresaw."""
    try:
        yield
    except POLARS as error:
        raise NotATable(f"The file cannot be read: {said(error)}.") from error


@contextmanager
def archive_faults_named() -> Iterator[None]:
    """Say what zipfile says in many classes about a directory that makes no sense."""
    try:
        yield
    except (NotImplementedError, RuntimeError, ValueError, struct.error) as error:
        raise NotATable(f"The archive cannot be unpacked: {said(error)}.") from error


@contextmanager
def workbook_faults_named() -> Iterator[None]:
    try:
        yield
    except RecursionError as error:
        raise TooLarge("The workbook's XML is nested too deeply.") from error
    except OSError as error:
        if error.errno is not None:  # the disk's trouble, not openpyxl's opinion
            raise
        raise NotATable(f"The workbook cannot be read: {said(error)}.") from error
    except WORKBOOK as error:
        raise NotATable(f"The workbook cannot be read: {said(error)}.") from error


def said(error: BaseException) -> str:
    """Return the first line of a library's message, without its full stop."""
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__


def csv_fault(error: pa.ArrowInvalid, columns: list[str], first_row: int) -> TableError:
    """Translate Arrow's message, which counts rows and columns its own way."""
    text = str(error)  # it ends with the row itself, so only its start can be trusted
    row = numbered(r"(?:CSV parse error|In CSV column #\d+): Row #(\d+)", text)
    row = None if row is None else row + first_row - 1
    at = "A row" if row is None else f"Row {row}"
    if cells := re.match(
        r"CSV parse error: .*?Expected (\d+) columns, got (\d+)", text
    ):
        expected, got = cells.groups()
        return BadRow(f"{at} has {got} cells where {expected} are expected.", row=row)
    if text.startswith("straddling"):
        return TooLarge("A row is longer than 4 MiB, or a quote is never closed.")
    number = numbered(r"In CSV column #(\d+): .*invalid UTF8", text)
    if number is not None:
        return BadEncoding(
            f"{at}, column {columns[number]!r}: the text is not UTF-8."
            " Declare the encoding it is in.",
            row=row,
            column=columns[number],
        )
    return NotATable(f"The file cannot be read as delimited text: {said(error)}.")


def numbered(pattern: str, text: str) -> int | None:
    found = re.match(pattern, text)
    return int(found.group(1)) if found else None
