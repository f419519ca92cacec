"""Rounds of work with a random fault in each, until the time is over.

    python -m tests.soak [--minutes 30] [--on sqlite] [--seed N]

After each round nothing may be lost, done twice or half written; ends with 1 if so.
"""

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path
from time import monotonic

import django

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--on", default="", help="sqlite or postgresql; both if empty")
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().getrandbits(31)
    )
    asked = parser.parse_args()
    from tests.soak.rounds import Round, Soak  # noqa: PLC0415 - needs the settings
    from tests.support import figures  # noqa: PLC0415
    from tests.support.backends import forget_templates, why_not  # noqa: PLC0415

    print(f"Seed {asked.seed}.", flush=True)
    backends = [asked.on] if asked.on else ["sqlite", "postgresql"]
    able = [one for one in backends if not why_not(one)]
    done: list[Round] = []
    for backend in able:
        end = monotonic() + 60 * asked.minutes / len(able)
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            soak = Soak(backend, Path(folder), chance=random.Random(asked.seed))
            for one in soak.rounds(until=end):
                print(one, flush=True)
                done.append(one)
    forget_templates()
    rows = [one.cells for one in Round.summed(done)]
    print(figures.table(Round.COLUMNS, rows))
    figures.save("soak", "Soak", Round.COLUMNS, rows, seed=asked.seed)
    return 1 if any(one.wrong for one in done) or not done else 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    (ROOT / "build" / "soak-var").mkdir(parents=True, exist_ok=True)
    os.environ["VAR_DIR"] = str(ROOT / "build" / "soak-var")
    django.setup()
    sys.exit(main())
