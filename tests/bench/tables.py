"""The table rows of design section 10 that exist so far, measured in one run."""

import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from tests.bench.table import Row

REPEATS = 3
ROWS = 1_000_000
SOME_ROWS = 200_000
NOISE_MIB = 256


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


def make_noise(path: Path) -> None:
    draw = random.Random(1)
    with path.open("wb") as out:
        for _ in range(NOISE_MIB):
            out.write(draw.randbytes(1 << 20))


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


Figures = dict[str, float]


def measured(flow: str, source: str, repeats: int = REPEATS) -> Figures:
    """Run a flow in fresh processes; return the medians."""
    return in_turn({flow: source}, repeats)[flow]


def in_turn(flows: dict[str, str], repeats: int = REPEATS) -> dict[str, Figures]:
    """Run flows, each with its source, one after another and again; return medians.

    What else the machine does then meets all of them alike.
    """
    runs: dict[str, list[Figures]] = {flow: [] for flow in flows}
    for _ in range(repeats):
        for flow, source in flows.items():
            runs[flow].append(run(flow, source))
    return {
        flow: {key: statistics.median(one[key] for one in ones) for key in ones[0]}
        for flow, ones in runs.items()
    }


def run(flow: str, source: str) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.bench.flows", flow, source, folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: Figures = json.loads(done.stdout)
    return figures


def rows() -> list[Row]:
    """Measure 1 M x 10, and 10 M x 10 once for its memory."""
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as address:
        folder = Path(name)
        make_table(folder / "one.csv", ROWS)
        make_table(folder / "ten.csv", 10 * ROWS)
        make_noise(folder / "noise.bin")
        return [
            *csv_rows(folder, address),
            *zip_rows(folder, address),
            *xlsx_rows(folder),
            *parquet_rows(address),
            *store_rows(address),
            *validate_rows(folder),
        ]


def csv_rows(folder: Path, address: str) -> Iterator[Row]:
    sources = {"duckdb": str(folder / "one.csv"), "csv": f"{address}/one.csv"}
    duck, csv = in_turn(sources, repeats=5).values()
    yield Row.ratio(
        f"1 M x 10 CSV by HTTP to CSV, both hashed ({csv['seconds']:.2f} s),"
        f" to DuckDB COPY of the local file ({duck['seconds']:.2f} s)",
        csv["seconds"] / duck["seconds"],
        most=1.8,
    )
    yield from memory_rows("csv", csv, address)


def memory_rows(flow: str, one: Figures, address: str) -> Iterator[Row]:
    ten = measured(flow, f"{address}/ten.csv", repeats=1)
    yield Row.of("its peak memory", one["peak_mb"], "MB", most=400)
    yield Row.ratio(
        f"its memory with 10 M rows ({ten['peak_mb']:.0f} MB) to that",
        ten["peak_mb"] / one["peak_mb"],
        most=1.3,
    )


def zip_rows(folder: Path, address: str) -> Iterator[Row]:
    local = str(folder / "one.csv")
    plain, packed = in_turn({"zipfile": local, "archive": local}).values()
    yield Row.ratio(
        f"ZIP of that file: zipfile level 6 ({plain['seconds']:.2f} s)"
        f" to ours ({packed['seconds']:.2f} s)",
        plain["seconds"] / packed["seconds"],
        least=8,
    )
    size = packed["bytes"] / plain["bytes"]
    yield Row.ratio("size of our ZIP to zipfile's", size, most=1.1)
    by_http = measured("zip", f"{address}/one.csv")
    name = "1 M x 10 CSV by HTTP to ZIP, both hashed"
    yield Row.of(name, by_http["seconds"], "s")
    yield Row.ratio(
        "its size to zipfile's", by_http["bytes"] / plain["bytes"], most=1.1
    )
    yield from memory_rows("zip", by_http, address)


def xlsx_rows(folder: Path) -> Iterator[Row]:
    """Measure workbooks made of one typed table, a part of it where others are slow."""
    table = pl.read_csv(folder / "one.csv", try_parse_dates=True)
    table.write_parquet(folder / "one.parquet")
    table.head(SOME_ROWS).write_parquet(folder / "some.parquet")
    some, one = str(folder / "some.parquet"), str(folder / "one.parquet")
    slow, ours = in_turn({"openpyxl": some, "xlsx": some}, repeats=1).values()
    yield Row.ratio(
        f"XLSX of {SOME_ROWS:,} x 10: openpyxl write-only ({slow['seconds']:.2f} s)"
        f" to ours ({ours['seconds']:.2f} s)",
        slow["seconds"] / ours["seconds"],
        least=10,
    )
    million = measured("xlsx", one)
    yield Row.of("XLSX of 1 M x 10", million["seconds"], "s")
    yield Row.of("its peak memory", million["peak_mb"], "MB", most=400)
    eager = measured("write_excel", one, repeats=1)
    yield Row.ratio(
        f"eager Polars and write_excel ({eager['seconds']:.1f} s) to that",
        eager["seconds"] / million["seconds"],
        least=10,
    )
    yield Row.ratio(
        f"our memory to that of write_excel ({eager['peak_mb']:.0f} MB)",
        million["peak_mb"] / eager["peak_mb"],
        most=0.2,
    )


def parquet_rows(address: str) -> Iterator[Row]:
    found = measured("parquet", f"{address}/one.csv")
    yield Row.of("1 M x 10 CSV by HTTP to Parquet, both hashed", found["seconds"], "s")
    yield Row.of("its peak memory", found["peak_mb"], "MB", most=450)


def store_rows(address: str) -> Iterator[Row]:
    noise = f"{address}/noise.bin"
    bare, ours = in_turn({"bare": noise, "store": noise}, repeats=5).values()
    yield Row.ratio(
        f"{NOISE_MIB} MiB by HTTP to disk, hashed: bare requests"
        f" ({bare['seconds']:.2f} s) to our store ({ours['seconds']:.2f} s)",
        bare["seconds"] / ours["seconds"],
        least=0.9,
    )


def validate_rows(folder: Path) -> Iterator[Row]:
    checked = measured("validate", str(folder / "one.csv"))
    yield Row.of("validating 1 M x 10 cells", checked["seconds"], "s")
