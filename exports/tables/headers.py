"""Where the header of a delimited text is, and what it says."""

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from exports.tables.errors import BadHeader
from exports.tables.stream import Stream
from exports.tables.types import Dialect

HEAD_BYTES = 1 << 20
DELIMITERS = (",", ";", "\t", "|")
SAMPLE_ROWS = 50

csv.field_size_limit(HEAD_BYTES)


class Lines:
    """The lines of a text, which knows how many bytes of it were read."""

    def __init__(self, text: str) -> None:
        self.lines = io.StringIO(text, newline="")
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        self.count += len(line.encode())
        return line


def read_header(stream: Stream, dialect: Dialect) -> tuple[list[str], Dialect, int]:
    """Take the header off the text; return names, full dialect, first data row."""
    head = stream.peek(HEAD_BYTES).decode("utf-8", errors="replace")
    lines = Lines(head)
    skipped = sum(1 for _ in itertools.islice(lines, dialect.skip_rows))
    dialect = complete(dialect, head, skipped)
    names, rows = names_from(lines, dialect)
    if lines.count >= HEAD_BYTES:
        raise BadHeader(f"The header row does not end within {HEAD_BYTES:,} bytes.")
    stream.read(lines.count)
    return check_names(names), dialect, skipped + rows + 1


def names_from(lines: Lines, dialect: Dialect) -> tuple[list[str], int]:
    """Return the column names, and how many rows the header takes."""
    headers = dialect.headers
    if isinstance(headers, tuple) and isinstance(headers[0], str):
        return [str(name) for name in headers], 0
    first, last = (headers, headers) if isinstance(headers, int) else headers
    rows = list(itertools.islice(records(lines, dialect), int(last)))
    if len(rows) < int(last):
        raise BadHeader(
            f"The header should be in row {last}, but the file has"
            f" {len(rows)} rows before it ends."
            if rows
            else "The file is empty: it has no header row."
        )
    return join_rows(rows[int(first) - 1 :]), int(last)


def records(lines: Iterable[str], dialect: Dialect) -> Iterator[list[str]]:
    reader = csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        escapechar=dialect.escape or None,
    )
    try:
        yield from (row for row in reader if row)
    except csv.Error as error:
        raise BadHeader(f"The header row cannot be read: {error}.") from error


def join_rows(rows: list[list[str]]) -> list[str]:
    """Make one header of several rows, as tabulator does."""
    columns = itertools.zip_longest(*rows, fillvalue="")
    return [" ".join(cell for cell in column if cell) for column in columns]


def check_names(names: Sequence[str]) -> list[str]:
    """Return the names if each one is there and is there once."""
    seen: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if not name.strip():
            raise BadHeader(f"Column {number} has no name in the header row.")
        if "\0" in name:
            raise BadHeader(f"The name of column {number} holds a NUL character.")
        if name in seen:
            raise BadHeader(
                f"Columns {seen[name]} and {number} are both called {name!r}.",
                column=name,
            )
        seen[name] = number
    return list(names)


def complete(dialect: Dialect, head: str, skipped: int) -> Dialect:
    """Fill in what was not declared from the first rows."""
    text = "".join(itertools.islice(io.StringIO(head, newline=""), skipped, None))
    quote = sniff_quote(text) if dialect.quote is None else dialect.quote
    dialect = replace(dialect, quote=quote)
    delimiter = dialect.delimiter or sniff_delimiter(text, dialect)
    check_marks(delimiter, quote, dialect.escape)
    return replace(dialect, delimiter=delimiter)


def check_marks(delimiter: str, quote: str, escape: str) -> None:
    marks = [mark for mark in (delimiter, quote, escape) if mark]
    plain = all(len(m) == 1 and m.isascii() and m not in "\r\n\0" for m in marks)
    if not plain or len(set(marks)) < len(marks):
        raise BadHeader(
            "Delimiter, quote and escape must be different single ASCII characters."
        )


def sniff_quote(text: str) -> str:
    """Return the quote: a double one unless every header cell has single ones."""
    first = text.split("\n", 1)[0].strip()
    single = re.fullmatch(r"'[^']*'(?:[,;|\t]'[^']*')+", first)
    return "'" if single and '"' not in text else '"'


def sniff_delimiter(text: str, dialect: Dialect) -> str:
    """Return the mark that cuts most rows into as many cells as the first."""
    best, score = ",", (0.0, 1)
    for mark in DELIMITERS:
        rows = sample(text, replace(dialect, delimiter=mark))
        width = len(rows[0]) if rows else 0
        share = sum(len(row) == width for row in rows) / (len(rows) or 1)
        if width > 1 and (share, width) > score:
            best, score = mark, (share, width)
    return best


def sample(text: str, dialect: Dialect) -> list[list[str]]:
    lines = io.StringIO(text, newline="")
    try:
        return list(itertools.islice(records(lines, dialect), SAMPLE_ROWS))
    except BadHeader:
        return []
