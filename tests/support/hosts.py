"""Hosts of a network of their own on this machine: network namespaces (needs root)."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Host:
    """A namespace that reaches this machine by one cable and nobody else."""

    number: int

    @property
    def name(self) -> str:
        return f"entrepot-{os.getpid()}-{self.number}"

    @property
    def cable(self) -> str:
        return f"ep{os.getpid() % 10**6}n{self.number}"

    @property
    def gateway(self) -> str:
        """Return the address of this machine at the cable's near end."""
        return f"10.203.{self.number}.1"

    @property
    def prefix(self) -> list[str]:
        """Return the words that start a program there."""
        return ["ip", "netns", "exec", self.name]

    def cut(self) -> None:
        _ip("link", "set", self.cable, "down")

    def mend(self) -> None:
        _ip("link", "set", self.cable, "up")

    def make(self) -> None:
        _ip("netns", "add", self.name)
        far = ("type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("link", "add", self.cable, *far)
        _ip("addr", "add", f"{self.gateway}/24", "dev", self.cable)
        _ip("link", "set", self.cable, "up")
        inside = ("-n", self.name)
        _ip(*inside, "addr", "add", f"10.203.{self.number}.2/24", "dev", "eth0")
        _ip(*inside, "link", "set", "eth0", "up")
        _ip(*inside, "link", "set", "lo", "up")

    def remove(self) -> None:
        subprocess.run(["ip", "link", "del", self.cable], check=False)
        subprocess.run(["ip", "netns", "del", self.name], check=False)


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
        for one in made:
            one.make()
        yield made
    finally:
        for one in made:
            one.remove()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
