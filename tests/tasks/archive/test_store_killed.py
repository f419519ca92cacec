import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.archive.store import LocalStore

WRITE = """
import sys, pathlib
from tasks.archive.store import LocalStore
writer = LocalStore(pathlib.Path(sys.argv[1])).writer(fence="dead")
while True:
    writer.write(b"x" * 1_000_000)
    print("written", flush=True)
"""

# Dies at the last moment before the file would be in its place.
COMMIT = """
import os, pathlib, signal, sys
from tasks.archive.store import LocalStore
writer = LocalStore(pathlib.Path(sys.argv[1])).writer(fence="dead")
writer.write(b"x" * 1_000_000)
print("written", flush=True)
pathlib.Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
writer.commit()
"""


@pytest.mark.parametrize("program", [WRITE, COMMIT])
def test_a_killed_writer_leaves_only_what_a_sweep_removes(
    program: str, tmp_path: Path
) -> None:
    store = LocalStore(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == b"written\n"
        if program is WRITE:
            os.kill(writer.pid, signal.SIGKILL)
        writer.stdout.read()

    assert writer.returncode == -signal.SIGKILL
    assert list(store.digests()) == []
    assert store.sweep_tmp(keep={"dead"}) == 0
    assert store.sweep_tmp() == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
