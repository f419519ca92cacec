"""The table inside a gzip file or a zip archive."""

import zipfile
from dataclasses import replace
from pathlib import PurePosixPath

from isal import igzip

from exports.tables.errors import NotATable, TooLarge
from exports.tables.faults import archive_faults_named
from exports.tables.source import Source
from exports.tables.stream import Readable, Stream, Unpacked, check_cost

MAX_DEPTH = 3
TEXTS = {".csv", ".tsv", ".tab", ".json", ".ndjson", ".jsonl"}
TABULAR = TEXTS | {".parquet", ".xlsx", ".xlsm"}
SIDE_FILES = {"datapackage.json", "package.json", "manifest.json"}


def gunzip(source: Source) -> Source:
    unpacked: Readable = igzip.IGzipFile(fileobj=source.stream)  # type: ignore[no-untyped-call]
    stream = Stream(Unpacked(unpacked, source.stream, source.limits))
    name = source.name.removesuffix(".gz").removesuffix(".GZ")
    return deeper(source, name, stream)


def unzip(source: Source, archive: zipfile.ZipFile) -> Source:
    """Return the one table of an archive."""
    member = pick_member(archive, source.name)
    check_cost(member.file_size, member.compress_size, source.limits)
    with archive_faults_named():
        handle = source.resources.enter_context(archive.open(member))
    return deeper(source, PurePosixPath(member.filename).name, Stream(handle))


def deeper(source: Source, name: str, stream: Stream) -> Source:
    if source.depth == MAX_DEPTH:
        raise TooLarge(f"{source.name!r} is packed more than {MAX_DEPTH} times over.")
    return replace(source, name=name, stream=stream, file=None, depth=source.depth + 1)


def open_archive(source: Source) -> zipfile.ZipFile:
    file = source.seekable()
    with archive_faults_named():
        return source.resources.enter_context(zipfile.ZipFile(file))


def is_workbook(archive: zipfile.ZipFile) -> bool:
    return "xl/workbook.xml" in archive.namelist()


def pick_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    files = [member for member in archive.infolist() if is_data(member)]
    tables = [member for member in files if looks_tabular(member)] or files
    if len(tables) == 1:
        return tables[0]
    if not tables:
        raise NotATable(f"The archive {name!r} holds no table.")
    names = ", ".join(repr(member.filename) for member in tables[:5])
    raise NotATable(f"The archive {name!r} holds more than one table: {names}.")


def is_data(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    return bool(path.name) and not (
        member.filename.endswith("/") or hidden or path.name in SIDE_FILES
    )


def looks_tabular(member: zipfile.ZipInfo) -> bool:
    return bool(TABULAR & set(PurePosixPath(member.filename.lower()).suffixes))
