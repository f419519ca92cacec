"""Open a writer by the name of its format."""

from exports.tables.errors import UnknownFormat
from exports.tables.formats import FORMATS, format_named
from exports.tables.write_zip import ZipWriter
from exports.tables.writer import DEFAULTS, Columns, Sink, WriteOptions, Writer


def open_writer(
    name: str, out: Sink, columns: Columns, options: WriteOptions = DEFAULTS
) -> Writer:
    """Open a writer of any format in the table of formats, or of a `zip` with one.

    Raises UnknownFormat. Frames are written by these columns, in this order. A schema
    gives a table without any frames its types; names alone are enough otherwise.
    """
    kind = writer_named(name)
    if kind is ZipWriter:
        return ZipWriter(out, columns, options, inner=inner_named(options.inner))
    return kind(out, columns, options)


def pasted_format(name: str, options: WriteOptions) -> str:
    """Return the format whose rows can be written apart and pasted; empty if none."""
    inner = options.inner if writer_named(name) is ZipWriter else name
    return inner if writer_named(inner).pastes else ""


def writer_named(name: str) -> type[Writer]:
    writer = format_named(name).writer
    if writer is None:
        known = ", ".join(f.name for f in FORMATS if f.writer)
        raise UnknownFormat(f"{name!r} cannot be written. Known are: {known}.")
    return writer


def inner_named(name: str) -> type[Writer]:
    inner = writer_named(name)
    if inner is ZipWriter:
        raise UnknownFormat("A zip inside a zip is no table.")
    return inner
