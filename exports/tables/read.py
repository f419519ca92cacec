"""Open a table, whatever kind of file it is in."""

import re
from contextlib import ExitStack
from dataclasses import replace
from typing import BinaryIO

import polars as pl

from exports.tables.encodings import SAMPLE_BYTES
from exports.tables.errors import NotATable
from exports.tables.faults import damage_named, refusals_named
from exports.tables.formats import Format, find_format, reader_named
from exports.tables.read_parquet import read_parquet
from exports.tables.read_xlsx import read_xlsx
from exports.tables.sniff import HEAD_BYTES, refuse_foreign, sniff
from exports.tables.source import Source
from exports.tables.stream import Stream
from exports.tables.types import Dialect, Frames, Limits, Schema, Table
from exports.tables.unpack import gunzip, is_workbook, open_archive, unzip

AS_FOUND = Dialect()
USUAL = Limits()


def open_table(
    source: BinaryIO,
    *,
    name: str,
    media_type: str = "",
    dialect: Dialect = AS_FOUND,
    limits: Limits = USUAL,
) -> Table:
    """Open the table in a file, plain or inside gzip or zip.

    The name's extension counts, then the media type, and the first bytes above both.
    Text is read once from front to back; a workbook, a zip or Parquet that cannot seek
    goes through a temporary file. JSON and workbooks are read to the end here, as only
    then their columns are known. What the source itself raises passes unchanged, so a
    caller can stop the reading from there. Close the table, not only the source.
    Raises TableError, here and while the frames are taken.
    """
    file = source if source.seekable() else None
    with ExitStack() as resources, damage_named(), refusals_named():
        opened = Source(
            name, Stream(source), dialect, limits, file=file, resources=resources
        )
        table = open_source(opened, media_type)
        table.resources = resources.pop_all()
    table.frames = watched(table.frames, table.schema)
    return table


def watched(frames: Frames, schema: Schema) -> Frames:
    """Give at least one frame, so that what comes after sees an empty table too."""
    with damage_named(), refusals_named():
        first = next(frames, None)
        yield pl.DataFrame(schema=schema) if first is None else first
        yield from frames


def open_source(source: Source, media_type: str) -> Table:
    head = source.stream.peek(HEAD_BYTES)
    if not head:
        raise NotATable(f"{source.name!r} is empty.")
    refuse_foreign(head, source.name)
    kind = sniff(head)
    if kind == "gzip":
        return open_source(gunzip(source), media_type)
    if kind == "zip":
        return open_zip(source, media_type)
    if kind == "parquet":
        return read_parquet(source)
    claimed = find_format(source.name, media_type)
    return reader_named(text_format(source, kind, claimed))(source)


def open_zip(source: Source, media_type: str) -> Table:
    # Packed once more it is only a stream, which can be copied to a file but once.
    source = replace(source, file=source.seekable())
    archive = open_archive(source)
    if is_workbook(archive):
        return read_xlsx(source)
    return open_source(unzip(source, archive), media_type)


def text_format(source: Source, kind: str, claimed: Format | None) -> str:
    """Return the format of what is no archive: JSON in any guise, or delimited."""
    name = claimed.name if claimed else kind or "csv"
    if name in {"parquet", "xlsx", "zip"}:
        raise NotATable(f"{source.name!r} is no {name} file: it is not packed as one.")
    if name == "json" and kind == "ndjson" and not is_lines(source.stream):
        raise NotATable(f"{source.name!r} is one JSON object, not an array of them.")
    if name in {"json", "ndjson"} and not kind:
        raise NotATable(f"{source.name!r} is no JSON: it holds other text.")
    return kind or name


def is_lines(stream: Stream) -> bool:
    return re.search(rb"\}\s*\n\s*\{", stream.peek(SAMPLE_BYTES)) is not None
