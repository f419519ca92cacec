"""Do every fault that is known to live services, and tell what became of the work.

    python -m tests.faults [--short] [PYTEST'S WORDS …]

Runs all tests that are marked `faults`, wherever they are; ends with 1 if one failed.
`--short` runs those of this suite, and of its kills those on SQLite.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any
from xml.etree.ElementTree import parse

from tests.support import figures

ROOT = Path(__file__).resolve().parents[2]
ROWS = ROOT / "build" / "faults"
COLUMNS = (
    *("what was done", "on", "jobs in", "final", "lost", "doubled"),
    "s to recover",
)
OTHERS = ("other tests of faults", "cases", "failed", "skipped", "s")


SHORT = ["tests/faults", "-k", "not (test_kills and (redis or postgresql))"]


def main(words: list[str]) -> int:
    short = "--short" in words
    words = [*(SHORT if short else []), *(one for one in words if one != "--short")]
    began, seed = monotonic(), random.SystemRandom().randrange(2**31)
    print(f"Seed {seed}.", flush=True)
    shutil.rmtree(ROWS, ignore_errors=True)
    ROWS.mkdir(parents=True)
    report = ROWS / "junit.xml"
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "faults", "--whole"),
        *("-rfEs", f"--randomly-seed={seed}", f"--junitxml={report}", *words),
    ]
    environment = {**os.environ, "FAULT_ROWS": str(ROWS)}
    code = subprocess.call(command, cwd=ROOT, env=environment)
    if not report.exists():
        print("No test was run: pytest left no report.")
        return code or 1
    rows, others = sorted(_rows()), sorted(_others(report))
    print(figures.table(COLUMNS, rows))
    print(figures.table(OTHERS, others))
    took = f"It took {(monotonic() - began) / 60:.1f} minutes; a row is there when "
    took += "its jobs had ended, and what failed is counted below."
    took += " Of the kills those on SQLite alone were tried." if short else ""
    if short or not words:
        notes = [took, figures.table(OTHERS, others)]
        figures.save("faults", "Faults", COLUMNS, rows, seed=seed, notes=notes)
    return code


def _rows() -> Iterator[list[Any]]:
    for path in ROWS.glob("*.jsonl"):
        for line in path.read_text().splitlines():
            found = list(json.loads(line).values())
            yield [*found[:-1], round(found[-1], 2)]


def _others(report: Path) -> Iterator[list[Any]]:
    """Count the cases of each test file, with what failed and how long it took."""
    counts: defaultdict[str, list[float]] = defaultdict(lambda: [0, 0, 0, 0.0])
    for case in parse(report).iter("testcase"):
        told = counts[case.get("classname", "").replace(".", "/")]
        told[0] += 1
        told[1] += any(case.find(one) is not None for one in ("failure", "error"))
        told[2] += case.find("skipped") is not None
        told[3] += float(case.get("time", 0))
    for name, (cases, failed, skipped, took_s) in counts.items():
        yield [name, int(cases), int(failed), int(skipped), round(took_s)]


if __name__ == "__main__":
    (ROOT / "build" / "faults-var").mkdir(parents=True, exist_ok=True)
    os.environ["VAR_DIR"] = str(ROOT / "build" / "faults-var")
    sys.exit(main(sys.argv[1:]))
