"""A service that names no cluster does not know the library that speaks to one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOOK = """
import sys
{start}
print(sorted(n for n in sys.modules if n.partition(".")[0] in ("dask", "distributed")))
"""
WEB = "import config.asgi"
WORK = """
import django
django.setup()
from tasks.engine.supervisor import preload_handlers
preload_handlers()
"""


@pytest.mark.parametrize("start", [WEB, WORK], ids=["web", "work"])
def test_no_process_imports_it(start: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(start=start)],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "VAR_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout == "[]\n"
