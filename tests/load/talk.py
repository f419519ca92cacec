"""One kept connection of HTTP/1.1, and how long each kind of request took on it."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Self

LONGEST_S = 60.0


@dataclass
class Times:
    """Milliseconds by kind of request, and the statuses that nobody should see."""

    ms: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    refused: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def count(self) -> int:
        return sum(map(len, self.ms.values()))

    def note(self, kind: str, ms: float, status: int) -> None:
        self.ms[kind].append(ms)
        # To say "later" is an answer, to break is none.
        if status in {429, 503}:
            self.refused[kind] += 1
        elif status >= 500:
            self.errors[kind] += 1


@dataclass
class Answer:
    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Talk:
    """Ask one request after another over one connection, opened again if it ends."""

    def __init__(self, port: int, times: Times) -> None:
        self.port, self.times = port, times
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    async def ask(
        self,
        kind: str,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        raw = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        lines += [f"Content-Length: {len(raw)}", "Content-Type: application/json"]
        began = perf_counter()
        async with asyncio.timeout(LONGEST_S):
            answer = await self._answer("\r\n".join([*lines, "", ""]).encode() + raw)
        self.times.note(kind, 1000 * (perf_counter() - began), answer.status)
        return answer

    async def _answer(self, request: bytes) -> Answer:
        for last in (False, True):
            reader, writer = await self._open()
            try:
                writer.write(request)
                await writer.drain()
                return await self._read(reader)
            except (ConnectionError, asyncio.IncompleteReadError):
                self._close()
                if last:
                    raise
        raise AssertionError  # the second try returns or raises

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        return self._streams

    async def _read(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head.split(b" ", 2)[1])
        if b"transfer-encoding: chunked" in head:
            body = await _chunks(reader)
        else:
            length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
            body = await reader.readexactly(int(length or b"0"))
        if b"connection: close" in head:
            self._close()
        return Answer(status, body)

    def _close(self) -> None:
        if self._streams:
            self._streams[1].close()
        self._streams = None


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body
