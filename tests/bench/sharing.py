"""Pages out of five million events: put together from blocks, and computed."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import polars as pl

from exports.tables.rules import parse_rule, rule_expr
from tests.bench import sharing_http
from tests.bench.sharing_flows import FEW
from tests.bench.sharing_log import frame
from tests.bench.table import Row

EVENTS = int(os.environ.get("EVENTS", "5000000"))
REPEATS = 5
BOUNDED_MB = 1_000
LONG_RULE = " or ".join(f'"domain name" in host{n}.example.com' for n in range(1000))

Figures = dict[str, float]


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return [
            *made(folder),
            *pages(folder),
            *filters(folder),
            *compiled(),
            *sharing_http.rows(Path(folder)),
        ]


def run(flow: str, folder: str, repeats: int = REPEATS) -> Figures:
    words = [flow, folder, str(EVENTS), str(repeats)]
    command = [sys.executable, "-m", "tests.bench.sharing_flows", *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: Figures = json.loads(done.stdout)
    return figures


def made(folder: str) -> Iterator[Row]:
    for flow, name in (
        ("publish", "rows of a revision into a segment"),
        ("view", "its view by time"),
        ("id view", "its view by insertion"),
        ("known", "the UUIDs it has, for the next revision"),
    ):
        found = run(flow, folder, repeats=1)
        rate = EVENTS / found["seconds"]
        yield Row.of(f"{EVENTS / 1e6:g} M events: {name}", rate, "events/s")
        yield Row.of("its peak memory", found["peak_mb"], "MB", most=BOUNDED_MB)


def pages(folder: str) -> Iterator[Row]:
    for flow, most_ms in (
        ("assembled", 20),
        ("assembled by id", 20),
        ("computed", 150),
        ("computed by id", 150),
        ("reverse", None),
        ("two keys", None),
        ("count", None),
    ):
        found = run(flow, folder)
        name = f"100,000 of {EVENTS / 1e6:g} M events, gzipped: {flow}"
        yield Row.of(name, found["seconds"] * 1000, "ms", most=most_ms)
        yield Row.of("its peak memory", found["peak_mb"], "MB", most=BOUNDED_MB)


def filters(folder: str) -> Iterator[Row]:
    """Compare with Polars alone, in turn, so that the machine treats both alike."""
    for flow in ("few", "many"):
        pairs = [(run(flow, folder), run(f"bare {flow}", folder)) for _ in range(3)]
        ours, bare = (
            statistics.median(pair[n]["seconds"] for pair in pairs) for n in (0, 1)
        )
        yield Row.ratio(
            f"a filtered page, {flow} events fit ({ours * 1000:.0f} ms),"
            f" to bare Polars without gzip ({bare * 1000:.0f} ms)",
            ours / bare,
            most=1.5,
        )
        peak = max(pair[0]["peak_mb"] for pair in pairs)
        yield Row.of("its peak memory", peak, "MB", most=BOUNDED_MB)


def compiled() -> Iterator[Row]:
    schema: dict[str, pl.DataType] = dict(frame(0, 1).schema)
    for name, text in (("a short rule", FEW), ("a rule of 1,000 names", LONG_RULE)):
        begun = perf_counter()
        rule_expr(parse_rule(text), schema)
        yield Row.of(
            f"compiling {name}", (perf_counter() - begun) * 1000, "ms", most=100
        )
