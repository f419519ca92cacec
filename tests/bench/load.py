"""A bounded load of one GET over kept connections, and servers to put it on."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
    """Return requests per second; every answer must be a 200."""
    return asyncio.run(_rate(port, path, seconds))


async def _rate(port: int, path: str, seconds: float) -> float:
    await _all(port, path, until_s=perf_counter() + 1.0)
    began = perf_counter()
    count = await _all(port, path, until_s=began + seconds)
    return count / (perf_counter() - began)


async def _all(port: int, path: str, *, until_s: float) -> int:
    ask = (_ask(port, path, until_s) for _ in range(CONNECTIONS))
    return sum(await asyncio.gather(*ask))


async def _ask(port: int, path: str, until_s: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    count = 0
    while perf_counter() < until_s:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = head.lower().partition(b"content-length:")[2].split()[0]
        await reader.readexactly(int(length))
        count += 1
    writer.close()
    return count
