"""Reads one file as a worker would, within limits that end a process that bursts.

    python -m tests.security.defuse table|image PATH

Prints one JSON line: how it ended, and the peak of resident memory in MB.
"""

import io
import json
import os
import resource
import sys
import threading
from pathlib import Path
from time import monotonic

import django

# Stopped by these is a bomb that went off.
CPU_S, MEMORY_BYTES = 60, 3 << 30


def main(kind: str, name: str) -> None:
    django.setup()
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 5))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    path = Path(name)
    told = _table(path) if kind == "table" else _image(path)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak_mb = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({"told": told, "peak_mb": peak_mb}), flush=True)
    # A library's threads may abort a process that ends at once: not what is judged.
    os._exit(0)


def _table(path: Path) -> str:
    from exports.tables import open_table  # noqa: PLC0415 - within the limits
    from exports.tables.errors import TableError  # noqa: PLC0415

    rows = 0
    try:
        with path.open("rb") as file, open_table(file, name=path.name) as table:
            for frame in table:
                rows += frame.height
    except TableError as error:
        return f"refused: {error}"
    return f"read: {rows} rows"


def _image(path: Path) -> str:
    from tasks.processors import images  # noqa: PLC0415 - within the limits

    content = path.read_bytes()
    patience = images.Patience(threading.Event(), monotonic() + CPU_S / 2)
    try:
        with images.opened(
            io.BytesIO(content), size=len(content), patience=patience
        ) as image:
            images.look(image)
            images.thumbnail(image, 200)
    except images.Unreadable as error:
        return f"refused: {error}"
    return "read: a thumbnail"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main(*sys.argv[1:])
