"""Small files that want to be large: read or refused in bounded memory and time."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.security.bombs import IMAGES, TABLES, Bomb
from tests.security.tally import Tally

pytestmark = pytest.mark.sampled(2)

ROOT = Path(__file__).resolve().parents[2]
MOST_MB = 1500
LONGEST_S = 180


def go_off(kind: str, name: str, bomb: Bomb, folder: Path, tally: Tally) -> None:
    """Read a file in a process of its own; count a burst as a fault."""
    path = folder / name
    path.write_bytes(bomb())
    tally.tried += 1
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.security.defuse", kind, str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        tally.faults.append(f"{name}: no end within {LONGEST_S} s")
        return
    finally:
        path.unlink()
    if done.returncode:
        tally.faults.append(f"{name}: exit {done.returncode} {done.stderr[-200:]}")
        return
    found = json.loads(done.stdout)
    print(f"{name}: {found['told'][:120]} ({found['peak_mb']:.0f} MB)")
    if found["peak_mb"] > MOST_MB:
        tally.faults.append(f"{name}: {found['peak_mb']:.0f} MB")
    if "root:" in found["told"]:
        tally.leaked.append(name)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_is_a_bomb_is_read_or_refused_within_bounds(
    name: str, tmp_path: Path, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("bombs: tables, archives and workbooks")
    go_off("table", name, TABLES[name], tmp_path, tally)
    assert tally.wrong == []


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_that_is_a_bomb_is_read_or_refused_within_bounds(
    name: str, tmp_path: Path, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of("bombs: images")
    go_off("image", name, IMAGES[name], tmp_path, tally)
    assert tally.wrong == []
