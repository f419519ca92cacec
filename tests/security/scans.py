"""What other programs say of the code, its libraries and the production's settings."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.checks import PRODUCTION
from tests.security.tally import Tally

ROOT = Path(__file__).resolve().parents[2]
CODE = ("config", "registry", "exports", "tasks")
OURS_TO_RUN = "starts our own programs, with no shell and no word of a client's"
JITTER = "jitter needs no cryptographic randomness"
QUOTED = "names are quoted and come from the catalogue; the SQL is the operator's"
FOR_TYPES = "tells mypy what is so anyway"
# What bandit finds and we keep, by its test and the file: each with the reason.
KEPT = {
    ("B101", "config/calls.py"): FOR_TYPES,
    ("B101", "config/gate.py"): FOR_TYPES,
    ("B101", "exports/events/merge.py"): FOR_TYPES,
    ("B101", "tasks/collecting/download.py"): FOR_TYPES,
    ("B101", "tasks/doctor/neighbours.py"): FOR_TYPES,
    ("B105", "tasks/oidc/opaque.py"): "a kind of token, as RFC 7662 names it",
    ("B107", "registry/dialects/specstore/update.py"): "a path without a token",
    ("B311", "exports/sources/walk.py"): JITTER,
    ("B311", "tasks/engine/hub/listening.py"): JITTER,
    ("B311", "tasks/engine/retry.py"): JITTER,
    ("B404", "exports/sources/sqlite_rows.py"): OURS_TO_RUN,
    ("B404", "registry/management/commands/demo.py"): OURS_TO_RUN,
    ("B404", "registry/management/demo.py"): OURS_TO_RUN,
    ("B404", "tasks/management/commands/up.py"): OURS_TO_RUN,
    ("B405", "exports/tables/faults.py"): "the error's class alone; defusedxml parses",
    ("B406", "exports/tables/xlsx_parts.py"): "writes XML, and parses none",
    ("B603", "exports/sources/sqlite_rows.py"): OURS_TO_RUN,
    ("B603", "registry/management/commands/demo.py"): OURS_TO_RUN,
    ("B603", "registry/management/demo.py"): OURS_TO_RUN,
    ("B603", "tasks/management/commands/up.py"): OURS_TO_RUN,
    ("B606", "tasks/management/commands/web.py"): OURS_TO_RUN,
    ("B608", "exports/sources/databases.py"): QUOTED,
    ("B608", "exports/sources/postgres_rows.py"): QUOTED,
    ("B608", "exports/sources/sqlite_columns.py"): QUOTED,
    ("B608", "exports/sources/sqlite_rows.py"): QUOTED,
    ("B703", "registry/markdown.py"): "what a reader made that lets no HTML through",
}
AUDIT_S = 120


def bandit() -> Tally:
    """Count what bandit finds in the code and no reason is given for."""
    tally = Tally("bandit: findings without a reason")
    done = _run("-m", "bandit", "-q", "-r", *CODE, "-f", "json")
    try:
        told: Any = json.loads(done.stdout)
    except ValueError:
        tally.faults.append(f"bandit gave no report, exit code {done.returncode}")
        return tally
    tally.tried = sum(one["loc"] for one in told["metrics"].values()) // 2
    for one in told["results"]:
        path = one["filename"].removeprefix("./")
        if (one["test_id"], path) not in KEPT:
            place = f"{path}:{one['line_number']}"
            tally.accepted.append(f"{one['test_id']} {place} {one['issue_text']}")
    return tally


def deploy() -> Tally:
    """Count the warnings of `check --deploy` on the settings of a production."""
    tally = Tally("check --deploy: warnings", tried=1)
    done = _run(
        *("manage.py", "check", "--deploy", "--fail-level", "WARNING"), **PRODUCTION
    )
    if done.returncode:
        tally.accepted.append(done.stderr[-1000:])
    return tally


def audit() -> Tally | None:
    """Count the locked libraries with known holes; None where nobody can be asked."""
    tally = Tally("pip-audit: libraries with known holes")
    words = ("--requirement", "requirements.txt", "--no-deps", "--disable-pip")
    try:
        done = _run("-m", "pip_audit", *words, "--format", "json", "--timeout", "10")
        told: Any = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return None
    tally.tried = len(told["dependencies"])
    for one in told["dependencies"]:
        for hole in one.get("vulns", []):
            tally.accepted.append(f"{one['name']} {one['version']}: {hole['id']}")
    return tally


def _run(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=AUDIT_S,
    )
