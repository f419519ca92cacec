"""docs/figures.md: each suite writes its own section of it, and leaves the others."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "figures.md"
KEPT = ROOT / "build" / "figures"
ORDER = ("Benches", "Load", "Faults", "Soak", "Security")
HEAD = """# Figures

Measured by `make bench`, `make load`, `make faults`, `make soak` and `make security`,
which write their sections here by themselves. Targets are those of the design;
what was missed says so. A suite without a section has not been run to its end yet.
"""
Cells = Sequence[object]


def save(
    name: str,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Cells],
    *,
    seed: int | None = None,
    notes: Sequence[str] = (),
    page: Path = PAGE,
    kept: Path = KEPT,
) -> None:
    """Write a suite's rows as JSON below build/, and its section of the page."""
    found = [list(row) for row in rows]
    stamp = measured_where(seed)
    whole = {**stamp, "columns": list(columns), "rows": found}
    kept.mkdir(parents=True, exist_ok=True)
    (kept / f"{name}.json").write_text(json.dumps(whole, indent=1), encoding="utf-8")
    told = ", ".join(f"{key} {value}" for key, value in stamp.items())
    parts = [f"Measured at {told}.", *notes, table(columns, found)]
    write_section(page, title, "\n\n".join(parts))


def measured_where(seed: int | None) -> dict[str, Any]:
    """Say of which code, on what machine and when; no name of a host or folder."""
    stamp = {
        "commit": _commit(),
        "machine": _machine(),
        # Above the number of cores, others were at work and times are too long.
        "load average": f"{os.getloadavg()[2]:.1f}",
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }
    return stamp if seed is None else {**stamp, "seed": seed}


def table(columns: Sequence[str], rows: Iterable[Cells]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(_cell(one) for one in line)} |" for line in lines)


def write_section(page: Path, title: str, text: str) -> None:
    """Put a section where the order of the page has it, instead of what it was."""
    sections = _sections(page.read_text(encoding="utf-8") if page.exists() else "")
    sections[title] = text
    kept = [f"## {one}\n\n{sections[one]}\n" for one in ORDER if one in sections]
    page.parent.mkdir(parents=True, exist_ok=True)
    fresh = page.with_suffix(".part")
    fresh.write_text("\n".join([HEAD, *kept]), encoding="utf-8")
    fresh.replace(page)


def _sections(text: str) -> dict[str, str]:
    found = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(found[::2], map(str.strip, found[1::2]), strict=True))


def _cell(value: object) -> str:
    text = f"{value:,.4g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _commit() -> str:
    changed = _git("status", "--porcelain", "--", ".", ":!docs")
    return _git("rev-parse", "--short", "HEAD") + (" with changes" if changed else "")


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=ROOT, check=False, capture_output=True, text=True
    )
    return done.stdout.strip() or ("unknown" if done.returncode else "")


def _machine() -> str:
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    kernel = platform.release().partition("-")[0]
    return (
        f"{os.cpu_count()} cores {platform.machine()}, {gib:.0f} GiB, "
        f"{platform.system()} {kernel}, Python {platform.python_version()}"
    )
