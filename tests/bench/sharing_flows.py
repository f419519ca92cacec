"""What the sharing bench times, each flow in a process of its own.

    python -m tests.bench.sharing_flows FLOW FOLDER ROWS REPEATS

Prints one JSON line: the median of the seconds, peak resident MB, events.
"""

import io
import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import polars as pl

from exports.events import Ask, Key, Sort, assemble, compute, count, known_ids
from exports.events.names import ROW, TIME
from exports.tables.rules import parse_rule
from tasks.archive.store import LocalStore
from tests.bench import sharing_log
from tests.bench.peak import peak_mb
from tests.bench.sharing_log import BEGIN_US, INSERTED_US, STEP_US, log_in

PAGE = 100_000
FEW = "cc=F3 and type=malware"  # one event in 40
MANY = "type=malware"  # every other event
BARE = {
    FEW: (pl.col("cc") == "F3") & (pl.col("type") == "malware"),
    MANY: pl.col("type") == "malware",
}


def middle(folder: Path, sort: Sort) -> Ask:
    """Ask for a page that begins in the midst of a block."""
    seq = log_in(folder).head // 2 + 123
    at = BEGIN_US + seq * STEP_US if sort is Sort.TIME else INSERTED_US
    return Ask(sort=sort, limit=PAGE, after=Key(at, seq))


def assembled(folder: Path, sort: Sort) -> int:
    ask = middle(folder, sort)
    found = assemble(log_in(folder), ask, LocalStore(folder))
    assert found
    sent = sum(len(part) for part in found.parts())
    assert sent == found.page.size
    return found.page.rows


def computed(folder: Path, ask: Ask) -> int:
    work = compute(log_in(folder), ask, LocalStore(folder), io.BytesIO())
    return work.finish().rows


def ruled(rule: str) -> Ask:
    return Ask(limit=PAGE, rules=(parse_rule(rule),))


def bare(folder: Path, rule: str) -> int:
    """What a user of Polars would write: filter, sort, cut, JSON."""
    path = LocalStore(folder).path(sharing_log.noted(folder).data)
    assert path
    found = pl.scan_parquet(path).filter(BARE[rule]).sort(TIME, ROW).head(PAGE)
    frame = found.collect()
    frame.write_json(io.BytesIO())
    return frame.height


def counted(folder: Path, rule: str) -> int:
    ask = replace(ruled(rule), limit=None)
    return count(log_in(folder), ask, LocalStore(folder)).finish()


def known(folder: Path) -> int:
    known_ids(log_in(folder), LocalStore(folder))
    return log_in(folder).head


def flows(folder: Path) -> dict[str, Callable[[], object]]:
    time, by_id = middle(folder, Sort.TIME), middle(folder, Sort.ID)
    return {
        "view": lambda: sharing_log.view(folder, Sort.TIME),
        "id view": lambda: sharing_log.view(folder, Sort.ID),
        "known": lambda: known(folder),
        "assembled": lambda: assembled(folder, Sort.TIME),
        "assembled by id": lambda: assembled(folder, Sort.ID),
        "computed": lambda: computed(folder, time),
        "computed by id": lambda: computed(folder, by_id),
        "reverse": lambda: computed(folder, replace(time, reverse=True)),
        "two keys": lambda: computed(
            folder, replace(time, keys=frozenset({"ip", "cc"}))
        ),
        "few": lambda: computed(folder, ruled(FEW)),
        "bare few": lambda: bare(folder, FEW),
        "many": lambda: computed(folder, ruled(MANY)),
        "bare many": lambda: bare(folder, MANY),
        "count": lambda: counted(folder, MANY),
    }


def main(flow: str, folder: Path, rows: int, repeats: int) -> None:
    if flow == "publish":
        begun = perf_counter()
        sharing_log.publish(folder, rows)
        tell([perf_counter() - begun])
        return
    run = flows(folder)[flow]
    if repeats > 1:
        run()  # what a worker has read once it does not read again
    seconds = []
    for _ in range(repeats):
        begun = perf_counter()
        run()
        seconds.append(perf_counter() - begun)
    tell(seconds)


def tell(seconds: list[float]) -> None:
    print(json.dumps({"seconds": statistics.median(seconds), "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
