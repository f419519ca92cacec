"""The log that the sharing bench reads: events as they come in, nearly in order."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import polars as pl

from exports.events import (
    Known,
    Log,
    SegmentRef,
    Sort,
    build_view,
    write_rows,
)
from tasks.archive.store import LocalStore

TIME_KEY = "observation time"
INSERTED_US = 1_800_000_000_000_000
BEGIN_US = 1_700_000_000_000_000
STEP_US = 200_000  # from one event to the next
LATE_S = 600  # how much later than others an event may come in
PART = 50_000


def frames(rows: int) -> Iterator[pl.DataFrame]:
    for first in range(0, rows, PART):
        yield frame(first, min(PART, rows - first))


def frame(first: int, rows: int) -> pl.DataFrame:
    """Return rows of ten columns, the same for every run."""
    one, two = pl.col("i").hash(1), pl.col("i").hash(2)
    late = (one % LATE_S).cast(pl.Int64) * 1_000_000
    time = BEGIN_US + pl.col("i") * STEP_US + late
    host = (two // 255) % 100_000
    return pl.select(i=pl.int_range(first, first + rows)).select(
        pl.format("feed-{}", one % 40).alias("feed"),
        pl.from_epoch(time, time_unit="us").dt.strftime("%FT%TZ").alias(TIME_KEY),
        pl.format("10.{}.{}.{}", one % 200, one // 200 % 255, two % 255).alias("ip"),
        pl.format("host{}.example.com", host).alias("domain name"),
        pl.format("F{}", one // 7 % 20).alias("cc"),
        (one // 11 % 1000).cast(pl.String).alias("asn"),
        pl.when(two % 2 == 0)
        .then(pl.lit("malware"))
        .otherwise(pl.lit("open service"))
        .alias("type"),
        pl.when(one % 4 == 0)
        .then(pl.format("http://host{}.example.com/{}", host, one))
        .alias("url"),
        pl.when(two % 5 > 0).then((two % 5).cast(pl.String)).alias("severity"),
        pl.format('This host was seen by "sensor" {}', one % 200).alias("description"),
    )


def publish(folder: Path, rows: int) -> None:
    """Write rows as a segment and note where it is."""
    store = LocalStore(folder)
    with store.writer(fence="bench") as out:
        made = frames(rows)
        work = write_rows(made, out, stream="bench", known=Known([]), time_key=TIME_KEY)
        written = work.finish()
        digest = out.commit().digest
    note(folder, written.placed(digest=digest, first_seq=1, inserted_us=INSERTED_US))


def view(folder: Path, sort: Sort) -> None:
    store, ref = LocalStore(folder), noted(folder)
    with store.writer(fence="bench") as out:
        built = build_view(ref, sort, store, out).finish()
        digest = out.commit().digest
    ref.views.update(dict.fromkeys(built.sorts, digest))
    note(folder, ref)


def note(folder: Path, ref: SegmentRef) -> None:
    (folder / "segment.json").write_text(json.dumps(asdict(ref)))


def noted(folder: Path) -> SegmentRef:
    return SegmentRef(**json.loads((folder / "segment.json").read_text()))


def log_in(folder: Path) -> Log:
    ref = noted(folder)
    return Log((ref,), (), ref.last_seq)
