"""Try everything that is known against the service, and count what went wrong.

    python -m tests.security [--portion=N] [PYTEST'S WORDS …]

Ends with 1 if anything was accepted, broken or leaked; writes docs/figures.md's part.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

from tests.security import scans
from tests.security.tally import Tally
from tests.support import figures

ROOT = Path(__file__).resolve().parents[2]
ROWS = ROOT / "build" / "security"
COLUMNS = ("what", "inputs tried", "wrongly accepted", "5xx or crash", "leaked")
# What depends on the database besides SQLite, which may fail on other inputs.
ON_POSTGRESQL = ["test_matrix.py", "test_hostile_json.py", "test_hostile_requests.py"]
SHOWN = 40


def main(words: list[str]) -> int:
    portion = [word for word in words if word.startswith("--portion=")]
    words = [word for word in words if word not in portion]
    began, seed = monotonic(), random.SystemRandom().randrange(2**31)
    print(f"Seed {seed}.", flush=True)
    shutil.rmtree(ROWS, ignore_errors=True)
    ROWS.mkdir(parents=True)
    failed = _tests(seed, [*portion, *words], "sqlite", ["tests/security"])
    tallies = list(_kept())
    if not tallies:
        print("Nothing was tried: no test has kept a tally.")
        return 1
    if reason := _why_no_postgresql():
        print(f"PostgreSQL: {reason}", flush=True)
    elif not words:
        files = [f"tests/security/{name}" for name in ON_POSTGRESQL]
        failed |= _tests(seed, portion, "postgresql", files)
        tallies += _named(_kept(), "on PostgreSQL")
    tallies += [scans.bandit(), scans.deploy()]
    if audited := scans.audit():
        tallies.append(audited)
    else:
        print("pip-audit: skipped, no database of vulnerabilities is reachable here.")
    told = f"It took {(monotonic() - began) / 60:.1f} minutes."
    if portion:
        count = portion[0].partition("=")[2]
        told += f" Of each kind of input one in {count} was tried."
    wrong = _tell(_merged(tallies), seed, told, partly=bool(words))
    return 1 if failed or wrong else 0


def _tests(seed: int, words: list[str], backend: str, files: list[str]) -> bool:
    """Run the tests in whole; True if any failed."""
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-n", "2", "--whole", "-rfE"),
        *(f"--randomly-seed={seed}", *files, *words),
    ]
    environment = {"SECURITY_ROWS": str(ROWS), "SECURITY_BACKEND": backend}
    return subprocess.call(command, cwd=ROOT, env={**os.environ, **environment}) != 0


def _why_no_postgresql() -> str:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from tests.support.backends import why_not  # noqa: PLC0415 - needs the settings

    return why_not("postgresql")


def _kept() -> Iterator[Tally]:
    """Take the tallies that the tests have kept."""
    for path in sorted(ROWS.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            found = json.loads(line)
            found.pop("wrong")
            yield Tally(**found)
        path.unlink()


def _named(tallies: Iterator[Tally], where: str) -> Iterator[Tally]:
    for one in tallies:
        one.what = f"{one.what}, {where}"
        yield one


def _merged(tallies: list[Tally]) -> list[Tally]:
    """Add up what the cases of one test have counted."""
    by_name: dict[str, Tally] = {}
    for one in tallies:
        whole = by_name.setdefault(one.what, Tally(one.what))
        whole.tried += one.tried
        whole.accepted += one.accepted
        whole.faults += one.faults
        whole.leaked += one.leaked
    return sorted(by_name.values(), key=lambda one: one.what)


def _tell(tallies: list[Tally], seed: int, told: str, *, partly: bool) -> bool:
    """Print the table and write it down; True if anything is wrong."""
    rows: list[tuple[Any, ...]] = [
        (t.what, t.tried, len(t.accepted), len(t.faults), len(t.leaked))
        for t in tallies
    ]
    sums = (sum(row[place] for row in rows) for place in range(1, len(COLUMNS)))
    rows.append(("all", *sums))
    print(figures.table(COLUMNS, [[*map(str, row)] for row in rows]))
    wrong = [f"{one.what}: {line}" for one in tallies for line in one.wrong]
    print("\n".join(wrong[:SHOWN]))
    if not partly:
        figures.save("security", "Security", COLUMNS, rows, seed=seed, notes=[told])
    return bool(wrong)


if __name__ == "__main__":
    (ROOT / "build" / "security-var").mkdir(parents=True, exist_ok=True)
    os.environ["VAR_DIR"] = str(ROOT / "build" / "security-var")
    sys.exit(main(sys.argv[1:]))
