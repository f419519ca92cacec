"""Everything `make test` runs after lint and types, and a summary of what ran where."""

import os
import subprocess
import sys
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).resolve().parent.parent
# Tests leave the developer's own var/ alone.
ENV = {
    **os.environ,
    "VAR_DIR": str(ROOT / "build" / "var"),
    "PYTHONWARNINGS": "default",
}
PRODUCTION = {
    "ALLOWED_HOSTS": "entrepot.example",
    "SECRET_KEY": "only-to-check-the-settings-" + "0123456789abcdef" * 3,
    "DEBUG": "off",
}
PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "not faults"]
# Of the test database alone: its commits need not wait for the disk.
NOT_TO_OUTLIVE_A_CRASH = {"PGOPTIONS": "-c synchronous_commit=off"}
# What must hold on every database; live tests choose their backends by themselves.
ON_EVERY_DATABASE = ["--on-database", "-m", "not faults and not live"]


def main() -> int:
    from tests.support import backends  # noqa: PLC0415 - needs the environment below

    (ROOT / "build" / "var").mkdir(parents=True, exist_ok=True)
    began = monotonic()
    steps = [
        ("system check", _manage("check"), {}),
        ("migrations", _manage("makemigrations", "--check", "--dry-run"), {}),
        (
            "production settings",
            _manage("check", "--deploy", "--fail-level", "WARNING"),
            PRODUCTION,
        ),
        ("tests on SQLite", PYTEST, {}),
    ]
    missing = backends.why_not("postgresql")
    if not missing:
        database = {"DATABASE_URL": backends.POSTGRESQL, **NOT_TO_OUTLIVE_A_CRASH}
        command = [*PYTEST, *ON_EVERY_DATABASE]
        steps.append(("tests on PostgreSQL", command, database))
    for name, command, env in steps:
        if code := subprocess.call(command, cwd=ROOT, env={**ENV, **env}):
            print(f"FAILED: {name} (exit code {code})", flush=True)
            return code
    redis = backends.why_not("redis")
    print(
        f"All checks passed in {monotonic() - began:.0f} s. Backends: SQLite ran, "
        f"PostgreSQL {missing or 'ran'}, Redis {redis or 'ran'}."
    )
    return 0


def _manage(*words: str) -> list[str]:
    return [sys.executable, "manage.py", *words]


if __name__ == "__main__":
    os.environ.update(ENV)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    sys.exit(main())
