"""A bounded load of one request over kept connections, and servers to put it on."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import requests

from tests.support.polling import until
from tests.support.web import free_port

ROOT = Path(__file__).resolve().parents[2]
CONNECTIONS = 16


@contextmanager
def server(application: str, **environment: str) -> Iterator[int]:
    """Run one uvicorn process; yield its port."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "uvicorn", application, "--port", str(port)),
        *("--log-level", "critical", "--no-access-log"),
    ]
    popen = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})
    try:
        until(lambda: _answers(port), within_s=20, what="the server answers")
        yield port
    finally:
        popen.terminate()
        popen.wait(20)


def _answers(port: int) -> bool:
    try:
        requests.get(f"http://127.0.0.1:{port}/memory", timeout=5)
    except requests.ConnectionError:
        return False
    return True


def rate(port: int, path: str, *, seconds: float = 4.0) -> float:
    """Return GETs per second; every answer must be a 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    return rate_of(port, request, status=200, seconds=seconds)


def rate_of(port: int, request: str, *, status: int, seconds: float = 4.0) -> float:
    """Return how often a second a request without a body gets a status."""
    return asyncio.run(_rate(Ask(port, request.encode(), status), seconds))


@dataclass(frozen=True)
class Ask:
    port: int
    request: bytes
    status: int


async def _rate(ask: Ask, seconds: float) -> float:
    await _all(ask, until_s=perf_counter() + 1.0)
    began = perf_counter()
    count = await _all(ask, until_s=began + seconds)
    return count / (perf_counter() - began)


async def _all(ask: Ask, *, until_s: float) -> int:
    asking = (_repeat(ask, until_s) for _ in range(CONNECTIONS))
    return sum(await asyncio.gather(*asking))


async def _repeat(ask: Ask, until_s: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", ask.port)
    count = 0
    while perf_counter() < until_s:
        writer.write(ask.request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d" % ask.status), head
        length = head.lower().partition(b"content-length:")[2].split()[0]
        await reader.readexactly(int(length))
        count += 1
    writer.close()
    return count
