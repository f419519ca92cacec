"""Processes that once held a lease, and the names they signed it with."""

import subprocess
import sys

from tasks.engine import identity


def started_process() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def name_of(pid: int) -> str:
    return f"{identity.host()}/{pid}/{identity._started(pid)}"


def pid_in(name: str) -> int:
    return int(name.split("/")[-2])


def name_of_a_dead_process() -> str:
    """Start a process, kill it, and return the name it would have signed with."""
    process = started_process()
    name = name_of(process.pid)
    process.kill()
    process.communicate()
    return name
