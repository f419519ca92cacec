"""The name a process signs its leases with, and whether that process still lives."""

import os
import socket
from functools import cache
from pathlib import Path

PROC = Path("/proc")


@cache
def host() -> str:
    """Name this boot of this machine (or container), so that pids can be compared."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
        namespace = str((PROC / "self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        boot, namespace = "-", "-"
    return f"{socket.gethostname()[:80]}/{boot}/{namespace}"


def owner() -> str:
    """Name this process: host, pid, and start time against reused pids."""
    pid = os.getpid()
    return f"{host()}/{pid}/{_started(pid)}"


def is_dead(name: str) -> bool:
    """Tell whether `name` is a process of this host that is gone; False if unsure."""
    prefix, _, rest = name.rpartition("/")
    prefix, _, pid = prefix.rpartition("/")
    if prefix != host() or not pid.isdigit():
        return False
    started = _started(int(pid))
    return started == "gone" or (started != rest and "-" not in {started, rest})


def _started(pid: int) -> str:
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return "gone" if PROC.joinpath("self").exists() else "-"
    except OSError:
        return "gone"
    # Field 22, counted after the command's name, which may hold anything.
    fields = stat.rpartition(")")[2].split()
    return "gone" if fields[0] in {"Z", "X"} else fields[19]


def told(name: str) -> str:
    """Return the part of an owner's name that tells people something: host and pid."""
    parts = name.split("/")
    return f"{parts[0]}, pid {parts[-2]}" if len(parts) >= 3 else name
