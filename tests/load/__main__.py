"""Load on one machine: traffic of all dialects, growth by the million, floods.

    python -m tests.load [--minutes 10] [--short] [costs] [traffic] [growth] [flood]

`--short` takes a minute, and a tenth of the rows. Ends with 1 if a target was missed.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import django

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ("what", "measured", "target", "")
SHORT_SIZES = (1_000, 10_000, 100_000)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("parts", nargs="*", default=[])
    asked = parser.parse_args()
    from tests.bench.table import Row, as_cells, as_table  # noqa: PLC0415
    from tests.load import costs, flood, growth, traffic  # noqa: PLC0415
    from tests.support import figures  # noqa: PLC0415
    from tests.support.backends import forget_templates, why_not  # noqa: PLC0415

    minutes = 0.5 if asked.short else asked.minutes
    sizes = SHORT_SIZES if asked.short else growth.SIZES
    parts: dict[str, Callable[[str], Iterator[Row]]] = {
        "costs": costs.rows,
        "traffic": lambda backend: traffic.rows(minutes, backend),
        "growth": lambda backend: growth.rows(backend, sizes),
        "flood": lambda backend: flood.rows(15.0, backend),
    }
    began, found = monotonic(), list[Any]()
    for name in asked.parts or list(parts):
        for backend in ("sqlite", "postgresql"):
            if reason := why_not(backend):
                print(f"{name}: {reason}", flush=True)
                continue
            print(f"Measuring: {name} on {backend} ...", file=sys.stderr, flush=True)
            new = list(parts[name](backend))
            print(as_table(new), flush=True)
            found += new
    forget_templates()
    if not asked.parts:
        told = f"It took {(monotonic() - began) / 60:.1f} minutes."
        cells = [as_cells(row) for row in found]
        figures.save("load", "Load", COLUMNS, cells, notes=[told])
    return 1 if any(row.ok is False for row in found) else 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    (ROOT / "build" / "load-var").mkdir(parents=True, exist_ok=True)
    os.environ["VAR_DIR"] = str(ROOT / "build" / "load-var")
    django.setup()
    sys.exit(main())
