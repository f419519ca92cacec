"""An SQLite table to files, against eager Polars with the usual writers."""

import json
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from itertools import islice
from pathlib import Path

from tests.bench.table import Row

ROWS = 1_000_000
CHUNK = 50_000
REPEATS = 3
LEAST = {"csv": 3.0, "json": 2.5, "zip": 4.0, "xlsx": 10.0}


def make_database(path: Path, rows: int = ROWS) -> None:
    """Fill a table of ten columns of mixed kinds, the same for every run."""
    columns = "i INTEGER PRIMARY KEY, n1 REAL, n2 REAL, s1 TEXT, s2 TEXT, d TEXT, "
    made = (
        (
            *(i, i * 7919 % 1_000_003 / 97, i * 104_729 % 999_983 / 1000),
            *(f"name-{i * 31 % 50_021}", f"a longer text, quoted, no. {i % 977}"),
            *(f"20{i % 100:02}-01-{1 + i % 28:02}", i % 3 == 0),
            *(i * 2_654_435_761 % 4_294_967_291, str(i % 17), i % 1000 / 8),
        )
        for i in range(rows)
    )
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            f"CREATE TABLE t ({columns} b INTEGER, i2 INTEGER, s3 TEXT, n3 REAL)"
        )
        insert = f"INSERT INTO t VALUES ({', '.join('?' * 10)})"
        while chunk := list(islice(made, CHUNK)):
            connection.executemany(insert, chunk)


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "t.sqlite3"
        make_database(path)
        return [row for kind in LEAST for row in compared(kind, path)]


def compared(kind: str, path: Path) -> list[Row]:
    repeats = 1 if kind == "xlsx" else REPEATS
    pairs = [
        (run("eager", kind, path), run("ours", kind, path)) for _ in range(repeats)
    ]
    them, us = (min(ones) for ones in zip(*pairs, strict=True))
    name = kind.upper()
    return [
        Row.ratio(
            f"SQLite {ROWS:,} x 10 to {name}: eager Polars ({them[0]:.2f} s)"
            f" to ours ({us[0]:.2f} s)",
            them[0] / us[0],
            least=LEAST[kind],
        ),
        Row.ratio(
            f"its memory, two processes ({us[1]:.0f} MB), to that ({them[1]:.0f} MB)",
            us[1] / them[1],
            most=0.2,
        ),
    ]


def run(who: str, kind: str, path: Path) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "tests.bench.database_flows", who, kind]
        done = subprocess.run(
            [*words, str(path), folder], check=True, capture_output=True, text=True
        )
    found = json.loads(done.stdout)
    return found["seconds"], found["peak_mb"]
