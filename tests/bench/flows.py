"""What the table bench times, each flow in a process of its own.

    python -m tests.bench.flows FLOW SOURCE FOLDER

SOURCE is a URL or a path. Prints one JSON line: seconds, peak resident MB, bytes.
"""

import hashlib
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb
import requests

from exports.tables import WriteOptions, open_table, open_writer
from exports.tables.ahead import ahead
from exports.tables.validate import Checker
from tasks import outbound
from tasks.archive.store import LocalStore
from tasks.archive.zip import Member, write_zip
from tests.bench import workbooks
from tests.bench.peak import peak_mb

BLOCK = 1 << 20
LOOPBACK = outbound.parse_policy(allow_nets="127.0.0.0/8", ports="any")


class Hashed:
    """A source whose bytes are hashed as they are read."""

    def __init__(self, file: Any) -> None:
        self.file, self.sha = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block: bytes = self.file.read(size)
        self.sha.update(block)
        return block

    def seekable(self) -> bool:
        return False


def ours(source: str, folder: Path, *, kind: str) -> int:
    """HTTP through the guard, both ends hashed, into the store, no temporary table."""
    store = LocalStore(folder)
    with outbound.stream("GET", source, policy=LOOPBACK) as reply:
        reply.raise_for_status()
        hashed: Any = Hashed(reply.file())
        options = WriteOptions(inner="csv")
        with open_table(hashed, name="t.csv") as table, store.writer(fence="b") as out:
            table.frames = ahead(table.frames)
            with open_writer(kind, out, table.columns, options) as writer:
                for frame in table:
                    writer.write(frame)
            hashed.sha.hexdigest()
            return out.commit().size


def duckdb_copy(source: str, folder: Path) -> int:
    """DuckDB's COPY of the local file, all columns as text: what a user would pick."""
    target = folder / "duck.csv"
    with duckdb.connect() as session:
        session.execute("SET threads TO 2")
        session.execute(
            f"COPY (FROM read_csv('{source}', all_varchar=true)) TO '{target}' (HEADER)"
        )
    return target.stat().st_size


def zipfile_6(source: str, folder: Path) -> int:
    """The stdlib's zipfile at its usual level."""
    target = folder / "plain.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.write(source, "data.csv")
    return target.stat().st_size


def archive(source: str, folder: Path) -> int:
    """A ZIP of the file as the service packs a revision's."""
    path, target = Path(source), folder / "ours.zip"
    member = Member(
        name="data.csv", open=lambda: path.open("rb"), size=path.stat().st_size
    )
    with target.open("wb") as out:
        for _ in write_zip(out, [member]):
            pass
    return target.stat().st_size


def store_copy(source: str, folder: Path) -> int:
    """A file into the store as the service copies one: guarded, hashed, durable."""
    store = LocalStore(folder)
    with outbound.stream("GET", source, policy=LOOPBACK) as reply:
        reply.raise_for_status()
        with store.writer(fence="b") as out:
            for piece in reply.iter_bytes(BLOCK):
                out.write(piece)
            return out.commit().size


def bare_copy(source: str, folder: Path) -> int:
    """The same by requests alone, hashed while it is streamed to a file."""
    target, sha = folder / "bare", hashlib.sha256()
    with requests.get(source, stream=True, timeout=10) as reply, target.open("wb") as f:
        reply.raise_for_status()
        for piece in reply.iter_content(BLOCK):
            f.write(piece)
            sha.update(piece)
    sha.hexdigest()
    return target.stat().st_size


def validate(source: str, folder: Path) -> int:
    """Check every cell of a local file against a schema, uniqueness included."""
    with Path(source).open(encoding="utf-8") as lines:
        names = lines.readline().strip().split(",")
    fields = [{"name": name, "type": kind_of(name)} for name in names]
    fields[0]["constraints"] = {"required": True, "unique": True}
    checker = Checker({"fields": fields})
    with Path(source).open("rb") as file, open_table(file, name="t.csv") as table:
        for frame in table:
            checker.check(frame)
    assert checker.report()["valid"]
    return Path(source).stat().st_size


def kind_of(name: str) -> Any:
    kinds = {"i": "integer", "n": "number", "d": "date", "b": "boolean"}
    return kinds.get(name[0], "string")


FLOWS: dict[str, Callable[[str, Path], int]] = {
    "csv": lambda source, folder: ours(source, folder, kind="csv"),
    "zip": lambda source, folder: ours(source, folder, kind="zip"),
    "json": lambda source, folder: ours(source, folder, kind="json"),
    "parquet": lambda source, folder: ours(source, folder, kind="parquet"),
    "xlsx": workbooks.ours,
    "openpyxl": workbooks.openpyxl_write_only,
    "write_excel": workbooks.polars_write_excel,
    "duckdb": duckdb_copy,
    "zipfile": zipfile_6,
    "archive": archive,
    "store": store_copy,
    "bare": bare_copy,
    "validate": validate,
}


def main(flow: str, source: str, folder: str) -> None:
    began = perf_counter()
    size = FLOWS[flow](source, Path(folder))
    seconds = perf_counter() - began
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb(), "bytes": size}))


if __name__ == "__main__":
    main(*sys.argv[1:])
