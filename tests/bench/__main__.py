"""All benches, one after another on an otherwise idle machine, as one table.

python -m tests.bench [--json] [admin] [assets] [databases] [deliveries] [engine] [hub]
                      [sharing] [tables] [web]
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ("what", "measured", "target", "")


def main(words: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["VAR_DIR"] = str(ROOT / "build" / "bench")
    django.setup()
    from tests.bench import (  # noqa: PLC0415 - needs the settings
        admin,
        assets,
        databases,
        deliveries,
        engine,
        hub,
        sharing,
        tables,
        web,
    )
    from tests.bench.table import Row, as_cells, as_json, as_table  # noqa: PLC0415
    from tests.support import figures  # noqa: PLC0415

    benches: dict[str, Callable[[], list[Row]]] = {
        "admin": admin.rows,
        "assets": assets.rows,
        "databases": databases.rows,
        "deliveries": deliveries.rows,
        "engine": engine.rows,
        "hub": hub.rows,
        "sharing": sharing.rows,
        "tables": tables.rows,
        "web": web.rows,
    }
    names = [word for word in words if word != "--json"]
    if unknown := set(names) - set(benches):
        sys.exit(f"There is no bench {', '.join(sorted(unknown))}.")
    chosen = names or list(benches)
    found: list[Row] = []
    for name in chosen:
        print(f"Measuring: {name} ...", file=sys.stderr, flush=True)
        new = benches[name]()
        found += new
        if "--json" not in words:
            print(as_table(new), flush=True)
    if "--json" in words:
        print(as_json(found))
    if not names:
        figures.save("bench", "Benches", COLUMNS, map(as_cells, found))


if __name__ == "__main__":
    main(sys.argv[1:])
