"""How soon data that is handed over arrives, and how much of it arrives in a second."""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("SECRET_KEY", "bench")
django.setup()

from tests.bench.table import Row  # noqa: E402 - Django must be set up first
from tests.support.backends import forget_templates, why_not  # noqa: E402
from tests.support.databox import delivering, token, wanted  # noqa: E402

ALONE, CLIENTS, OF_EACH = 200, 50, 20
LONGEST_S = 120.0
HEAD = (
    "POST /export HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {key}\r\n"
    "Content-Length: {size}\r\n\r\n"
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Destination:
    """Notes when each body came, by the number in it."""

    def __init__(self) -> None:
        self.url = ""
        self.came_at: dict[int, float] = {}
        self._news = asyncio.Event()

    async def has(self, count: int) -> None:
        async with asyncio.timeout(LONGEST_S):
            while len(self.came_at) < count:
                self._news.clear()
                await self._news.wait()

    async def take(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        body = await _read(reader)
        self.came_at[json.loads(body)[0]] = perf_counter()
        self._news.set()
        writer.write(OK)
        await writer.drain()
        writer.close()


class Client:
    """Hands data over on a connection that stays open."""

    def __init__(self, port: int, *, identifier: str, destination: Destination) -> None:
        self._port = port
        self._key = token(identifier=identifier)
        self._destination = destination

    async def hand_over(self, numbers: range) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        for number in numbers:
            body = json.dumps(wanted(self._destination.url, [number]))
            writer.write(HEAD.format(key=self._key, size=len(body)).encode())
            writer.write(body.encode())
            told = json.loads(await _read(reader))
            assert told["state"] == "Pending", told
        writer.close()


def rows() -> list[Row]:
    """Measure on each database that answers here."""
    measured: list[Row] = []
    for backend in ("sqlite", "postgresql"):
        if not why_not(backend):
            measured += _of_backend(backend)
    forget_templates()
    return measured


def _of_backend(backend: str) -> list[Row]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        delivering(backend, Path(name), WORKERS="2") as service,
    ):
        times = asyncio.run(_alone(service.port))
        per_second = asyncio.run(_together(service.port))
    what = f"{backend}: handed over until received"
    many = f"{backend}: deliveries of {CLIENTS} clients at once"
    return [
        Row.of(f"{what}, p50", times[len(times) // 2], "ms"),
        Row.of(f"{what}, p99", times[int(0.99 * len(times))], "ms"),
        Row.of(many, per_second, "/s"),
    ]


async def _alone(port: int) -> list[float]:
    """Hand over one after another has come; return how long they took, in ms."""
    times = []
    async with _a_destination() as destination:
        client = Client(port, identifier="alone", destination=destination)
        for number in range(ALONE):
            began = perf_counter()
            await client.hand_over(range(number, number + 1))
            await destination.has(number + 1)
            times.append(1000 * (destination.came_at[number] - began))
    return sorted(times)


async def _together(port: int) -> float:
    """Have all clients hand over at once; return what arrives per second."""
    async with _a_destination() as destination:
        handing = [
            Client(port, identifier=f"client {n}", destination=destination).hand_over(
                range(n * OF_EACH, (n + 1) * OF_EACH)
            )
            for n in range(CLIENTS)
        ]
        began = perf_counter()
        await asyncio.gather(*handing, destination.has(CLIENTS * OF_EACH))
        took_s = max(destination.came_at.values()) - began
    return CLIENTS * OF_EACH / took_s


@asynccontextmanager
async def _a_destination() -> AsyncIterator[Destination]:
    destination = Destination()
    server = await asyncio.start_server(destination.take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    destination.url = f"http://127.0.0.1:{port}/"
    async with server:
        yield destination


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Return the body of a request or a reply."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].split()[0]
    return await reader.readexactly(int(length))
