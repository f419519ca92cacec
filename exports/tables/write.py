"""Open a writer by the name of its format."""

from collections.abc import Iterable

from exports.tables.errors import UnknownFormat
from exports.tables.formats import FORMATS, format_named
from exports.tables.write_zip import ZipWriter
from exports.tables.writer import DEFAULTS, Sink, WriteOptions, Writer


def open_writer(
    name: str, out: Sink, columns: Iterable[str], options: WriteOptions = DEFAULTS
) -> Writer:
    """Open a writer of `csv`, `tsv`, `json`, `ndjson`, or of a `zip` with one of them.

    Raises UnknownFormat. Frames are written by these columns, in this order.
    """
    kind = writer_named(name)
    if kind is ZipWriter:
        return ZipWriter(out, columns, options, inner=inner_named(options.inner))
    return kind(out, columns, options)


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
