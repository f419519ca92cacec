"""The table of formats: a line here is all that a new one needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from exports.tables.errors import UnknownFormat
from exports.tables.read_csv import read_csv, read_tsv
from exports.tables.read_json import read_json
from exports.tables.read_ndjson import read_ndjson
from exports.tables.read_parquet import read_parquet
from exports.tables.read_xlsx import read_xlsx
from exports.tables.source import Source
from exports.tables.types import Table
from exports.tables.write_csv import CsvWriter, TsvWriter
from exports.tables.write_json import JsonWriter
from exports.tables.write_ndjson import NdjsonWriter
from exports.tables.write_parquet import ParquetWriter
from exports.tables.write_xlsx import XlsxWriter
from exports.tables.write_zip import ZipWriter
from exports.tables.writer import Writer

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Format:
    name: str
    extensions: tuple[str, ...]
    media_types: tuple[str, ...]  # the first one is what we send
    read: Callable[[Source], Table] | None = None
    writer: type[Writer] | None = None


FORMATS = (
    Format("csv", ("csv", "txt"), ("text/csv",), read_csv, CsvWriter),
    Format("tsv", ("tsv", "tab"), ("text/tab-separated-values",), read_tsv, TsvWriter),
    Format("json", ("json",), ("application/json",), read_json, JsonWriter),
    Format(
        "ndjson",
        ("ndjson", "jsonl"),
        ("application/x-ndjson", "application/jsonl", "application/x-jsonlines"),
        read_ndjson,
        NdjsonWriter,
    ),
    Format("xlsx", ("xlsx", "xlsm"), (XLSX,), read_xlsx, XlsxWriter),
    Format(
        "parquet",
        ("parquet",),
        ("application/vnd.apache.parquet", "application/x-parquet"),
        read_parquet,
        ParquetWriter,
    ),
    Format("zip", ("zip",), ("application/zip",), writer=ZipWriter),
)
BY_NAME: Mapping[str, Format] = {f.name: f for f in FORMATS}
BY_EXTENSION: Mapping[str, Format] = {e: f for f in FORMATS for e in f.extensions}
BY_MEDIA_TYPE: Mapping[str, Format] = {m: f for f in FORMATS for m in f.media_types}


def find_format(name: str, media_type: str = "") -> Format | None:
    """Return the format a file claims: by its extension, else by its media type."""
    extension = PurePath(name).suffix.lower().removeprefix(".")
    bare = media_type.partition(";")[0].strip().lower()
    return BY_EXTENSION.get(extension) or BY_MEDIA_TYPE.get(bare)


def format_named(name: str) -> Format:
    if name not in BY_NAME:
        raise UnknownFormat(
            f"{name!r} is no known format. Known are: {', '.join(BY_NAME)}."
        )
    return BY_NAME[name]


def reader_named(name: str) -> Callable[[Source], Table]:
    reader = format_named(name).read
    if reader is None:
        raise UnknownFormat(f"{name!r} cannot be read.")
    return reader
