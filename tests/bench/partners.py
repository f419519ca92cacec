"""Partners at a live service, many at once, each as the seed's downloader is.

Each request has a connection of its own, as urllib's have; the first poll comes a
tenth of a second after the reply to the post.
"""

import asyncio
from dataclasses import dataclass
from time import perf_counter

from tests.support.downloader import FIRST_POLL_S

LONGEST_S = 120.0


@dataclass(frozen=True)
class Got:
    """A reply; its body is not kept."""

    status: int
    location: str
    size: int  # bytes of the body, as sent


@dataclass(frozen=True)
class Trip:
    """One query, from its post to where its results are; in ms since the post."""

    taken_in: float
    found: float
    polls: int
    results: str


@dataclass(frozen=True)
class Partner:
    port: int
    key: str

    async def trip(self, path: str) -> Trip:
        """Post a query and poll until it is finished."""
        begun = perf_counter()
        posted = await self.send("POST", path)
        assert posted.status == 202, posted
        taken_in = since(begun)
        await asyncio.sleep(FIRST_POLL_S)
        polls, polled = 1, await self.send("GET", posted.location)
        while polled.status == 202:
            await asyncio.sleep(1.0)  # what Retry-After says
            polls, polled = polls + 1, await self.send("GET", posted.location)
        assert polled.status == 302, polled
        return Trip(taken_in, since(begun), polls, polled.location)

    async def send(self, method: str, path: str) -> Got:
        async with asyncio.timeout(LONGEST_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(self.head(method, path, "close").encode())
            head = await reader.readuntil(b"\r\n\r\n")
            size = 0
            while part := await reader.read(1 << 20):
                size += len(part)
            writer.close()
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        return Got(int(first.split()[1]), headers.get("location", ""), size)

    def head(self, method: str, path: str, connection: str = "keep-alive") -> str:
        length = "Content-Length: 0\r\n" if method == "POST" else ""
        return (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{length}"
            f"Authorization: token {self.key}\r\nAccept-Encoding: gzip\r\n"
            f"Connection: {connection}\r\n\r\n"
        )


def since(begun: float) -> float:
    return 1000 * (perf_counter() - begun)
