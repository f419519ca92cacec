"""A process that only imports the plane may still fork."""

import subprocess
import sys

SCRIPT = """
import os, sys
import exports.tables
if os.fork() == 0:
    import polars as pl
    os._exit(pl.DataFrame({"a": ["x"]}).select(pl.col("a").hash()).height - 1)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""


def test_a_query_after_a_fork_does_not_hang() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=20)
