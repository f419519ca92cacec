"""The table rows of design section 10 that exist so far, measured in one run."""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from tests.bench.table import Row

REPEATS = 3
ROWS = 1_000_000


def make_table(path: Path, rows: int) -> None:
    """Write ten columns of mixed kinds, the same for every run."""
    chunk = 1_000_000
    with path.open("wb") as out:
        for start in range(0, rows, chunk):
            count = min(chunk, rows - start)
            frame = pl.select(i=pl.int_range(start, start + count)).with_columns(
                n1=(pl.col("i") * 7919 % 1_000_003) / 97,
                n2=(pl.col("i") * 104_729 % 999_983) / 1000,
                s1=pl.format("name-{}", pl.col("i") * 31 % 50_021),
                s2=pl.format("a longer text, quoted, no. {}", pl.col("i") % 977),
                d=pl.date(2000, 1, 1) + pl.duration(days=pl.col("i") % 9000),
                b=pl.col("i") % 3 == 0,
                i2=pl.col("i") * 2_654_435_761 % 4_294_967_291,
                s3=pl.format("{}", pl.col("i") % 17),
                n3=(pl.col("i") % 1000) / 8,
            )
            out.write(frame.write_csv(include_header=start == 0).encode())


@contextmanager
def served(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout
        port = server.stdout.readline().split(" port ")[1].split()[0]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def measured(flow: str, source: str, repeats: int = REPEATS) -> dict[str, float]:
    """Run a flow in fresh processes; return the medians."""
    runs: list[dict[str, Any]] = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "tests.bench.flows", flow, source, folder]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            runs.append(json.loads(done.stdout))
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def rows() -> list[Row]:
    """Measure 1 M x 10, and 10 M x 10 once for its memory."""
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as address:
        one, ten = Path(name) / "one.csv", Path(name) / "ten.csv"
        make_table(one, ROWS)
        make_table(ten, 10 * ROWS)
        duck = measured("duckdb", str(one))
        csv = measured("csv", f"{address}/one.csv")
        packed = measured("archive", str(one))
        plain = measured("zipfile", str(one))
        checked = measured("validate", str(one))
        big = measured("csv", f"{address}/ten.csv", repeats=1)
        return [
            Row.ratio(
                f"1 M x 10 CSV by HTTP to CSV, both hashed ({csv['seconds']:.2f} s),"
                f" to DuckDB COPY of the local file ({duck['seconds']:.2f} s)",
                csv["seconds"] / duck["seconds"],
                most=1.8,
            ),
            Row.of("its peak memory", csv["peak_mb"], "MB", most=400),
            Row.ratio(
                f"its memory with 10 M rows ({big['peak_mb']:.0f} MB) to that",
                big["peak_mb"] / csv["peak_mb"],
                most=1.3,
            ),
            Row.ratio(
                f"ZIP of that file: zipfile level 6 ({plain['seconds']:.2f} s)"
                f" to ours ({packed['seconds']:.2f} s)",
                plain["seconds"] / packed["seconds"],
                least=8,
            ),
            Row.ratio(
                "size of our ZIP to zipfile's",
                packed["bytes"] / plain["bytes"],
                most=1.1,
            ),
            Row.of("validating 1 M x 10 cells", checked["seconds"], "s"),
        ]
