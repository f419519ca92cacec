"""Hosts of a network of their own on this machine: network namespaces (needs root)."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


def _name(what: object) -> str:
    return f"entrepot-{os.getpid()}-{what}"


MIDDLE = "db"  # where the database is, to which a cable leads from each host


@dataclass(frozen=True)
class Host:
    """A namespace that reaches the database's by one cable, and nobody else."""

    number: int

    @property
    def prefix(self) -> list[str]:
        """Return the words that start a program there."""
        return inside(self.number)

    @property
    def cable(self) -> str:
        return f"to-{self.number}"

    @property
    def gateway(self) -> str:
        """Return the database's address at the far end of the cable."""
        return f"10.203.{self.number}.1"

    def cut(self) -> None:
        _ip("-n", _name(MIDDLE), "link", "set", self.cable, "down")

    def mend(self) -> None:
        _ip("-n", _name(MIDDLE), "link", "set", self.cable, "up")

    def make(self) -> None:
        own, middle = _name(self.number), _name(MIDDLE)
        _ip("netns", "add", own)
        far = ("type", "veth", "peer", "name", "eth0", "netns", own)
        _ip("-n", middle, "link", "add", self.cable, *far)
        _ip("-n", middle, "addr", "add", f"{self.gateway}/24", "dev", self.cable)
        _ip("-n", own, "addr", "add", f"10.203.{self.number}.2/24", "dev", "eth0")
        _ip("-n", own, "link", "set", "eth0", "up")
        _ip("-n", own, "link", "set", "lo", "up")
        self.mend()


def inside(what: object) -> list[str]:
    return ["ip", "netns", "exec", _name(what)]


def why_no_hosts() -> str:
    if os.geteuid() != 0 or not shutil.which("ip"):
        return "network namespaces need root and the program ip"
    probe = ["unshare", "--net", "true"]
    done = subprocess.run(probe, check=False, capture_output=True)
    return "no network namespace can be made here" if done.returncode else ""


@contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    made = [Host(number + 1) for number in range(count)]
    try:
        _ip("netns", "add", _name(MIDDLE))
        _ip("-n", _name(MIDDLE), "link", "set", "lo", "up")
        for one in made:
            one.make()
        yield made
    finally:
        # A cable goes with either of its ends.
        for what in (MIDDLE, *(one.number for one in made)):
            subprocess.run(["ip", "netns", "del", _name(what)], check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
