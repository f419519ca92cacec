"""What the bench of databases times, each flow in a process of its own.

    python -m tests.bench.database_flows ours|eager FORMAT DATABASE FOLDER

Prints one JSON line: seconds, and peak MB of the process and its child together.
"""

import json
import os
import resource
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter

import django
import polars as pl

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from exports.sources.databases import DatabaseSource  # noqa: E402 - needs the settings
from exports.sources.named import Database  # noqa: E402
from exports.tables import WriteOptions, open_writer  # noqa: E402
from exports.tables.ahead import ahead  # noqa: E402
from tasks.archive.store import LocalStore  # noqa: E402


def ours(path: Path, folder: Path, kind: str) -> None:
    """The table into the store, hashed and durable, as a job does it."""
    source = DatabaseSource(Database("t", f"sqlite:///{path}", tables="*"), table="t")
    frames = ahead(source.frames(), stop=source.stop)
    first = next(frames)
    with LocalStore(folder).writer(fence="b") as out:
        options = WriteOptions(inner="csv")
        with open_writer(kind, out, first.schema, options) as writer:
            writer.write(first)
            for frame in frames:
                writer.write(frame)
        out.commit()


def eager(path: Path, folder: Path, kind: str) -> None:
    """What a script does: read all, then write; a ZIP of the CSV by the stdlib."""
    with closing(sqlite3.connect(path)) as connection:
        frame = pl.read_database("SELECT * FROM t", connection)
    if kind == "json":
        frame.write_json(folder / "out.json")
    elif kind == "xlsx":
        frame.write_excel(folder / "out.xlsx")
    else:
        frame.write_csv(folder / "out.csv")
    if kind == "zip":
        with zipfile.ZipFile(folder / "out.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(folder / "out.csv", "data.csv")


FLOWS: dict[str, Callable[[Path, Path, str], None]] = {"ours": ours, "eager": eager}


def main(who: str, kind: str, path: str, folder: str) -> None:
    began = perf_counter()
    FLOWS[who](Path(path), Path(folder), kind)
    seconds = perf_counter() - began
    peak_mb = (
        own_peak_mb() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    )
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb}))


def own_peak_mb() -> float:
    """Read the peak of this program; getrusage would tell its parent's too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
