"""Machines of one service: each a process with a disk of its own, sharing the rest."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import redis
import requests

from tasks.engine.cluster import die_with
from tests.support.backends import REDIS, bound_to, own_database
from tests.support.polling import until
from tests.support.specstore import public_key, token_of
from tests.support.stores import CREDENTIALS, KeptInBucket
from tests.support.web import ROOT, free_port

STARTS_WITHIN_S = 40.0
STOPS_WITHIN_S = 30.0


class Machines:
    """PostgreSQL, Redis and a bucket are shared; disks are not."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self._environment = environment
        self._running: list[subprocess.Popen[bytes]] = []

    def web(self) -> str:
        """Start a web machine; return its address once it answers."""
        address = f"http://127.0.0.1:{(port := free_port())}"
        self._start("web", "--port", str(port), "--processes", "1")
        until(
            lambda: _status(f"{address}/healthz") == 200,
            within_s=STARTS_WITHIN_S,
            what="a web machine answers",
        )
        return address

    def work(self) -> "subprocess.Popen[bytes]":
        return self._start("work", "--workers", "1")

    @property
    def logs(self) -> str:
        return "\n".join(one.read_text() for one in sorted(self.folder.glob("*.log")))

    def stop(self) -> list[int]:
        """Ask all to stop; return their exit codes."""
        for one in self._running:
            one.terminate()
        return [one.wait(STOPS_WITHIN_S) for one in self._running]

    def kill(self) -> None:
        for one in self._running:
            one.kill()
            one.wait()

    def _start(self, *words: str) -> "subprocess.Popen[bytes]":
        name, parent = f"{words[0]}-{len(self._running)}", os.getpid()
        with (self.folder / f"{name}.log").open("wb") as log:
            popen = subprocess.Popen(
                [sys.executable, "manage.py", *words],
                cwd=ROOT,
                env={**self._environment, "VAR_DIR": str(self.folder / name)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: die_with(parent),
            )
        self._running.append(popen)
        return popen


@contextmanager
def machines(folder: Path, bucket: KeptInBucket) -> Iterator[Machines]:
    """Give a service without machines, and end those that a test starts."""
    queue = f"machines-{uuid4().hex[:12]}"
    with ExitStack() as stack:
        url = stack.enter_context(own_database("postgresql", folder))
        stack.enter_context(bound_to(url))
        shared = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "tests.support.live_settings",
            "DATABASE_URL": url,
            "REDIS_URL": REDIS,
            "LIVE_QUEUE": queue,
            "STORE_URL": bucket.url,
            "S3_ENDPOINT_URL": bucket.bucket.place.endpoint_url,
            "SECRET_KEY": "one-for-all-machines-" + "0123456789abcdef" * 2,
            "AUTH_PUBLIC_KEY": public_key(),
            "OUTBOUND_ALLOW_NETS": "127.0.0.0/8",
            "OUTBOUND_PORTS": "any",
            **CREDENTIALS,
        }
        service = Machines(folder, shared)
        stack.callback(_forget, f"django_q:{queue}:q")
        stack.callback(service.kill)
        yield service


def upload(address: str, spec: Any) -> str:
    """Upload a spec; return the revision's id."""
    reply = requests.post(
        f"{address}/source/upload",
        json=spec,
        headers={"Auth-Token": token_of(spec["meta"]["ownerid"])},
        timeout=20,
    )
    told = reply.json()
    assert (reply.status_code, told["errors"]) == (200, [])
    flow_id: str = told["flow_id"]
    return flow_id


def look(address: str, flow_id: str) -> Any:
    return requests.get(f"{address}/source/{flow_id}", timeout=20).json()


def kill(popen: "subprocess.Popen[bytes]") -> None:
    """End a machine's supervisor at once; its children die with it."""
    popen.kill()
    popen.wait()


def _status(url: str) -> int:
    try:
        return requests.get(url, timeout=5).status_code
    except requests.RequestException:
        return 0


def _forget(key: str) -> None:
    with redis.from_url(REDIS) as server:
        server.delete(key)
