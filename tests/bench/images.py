"""A local server of images: `python -m tests.bench.images` prints its port.

`/<n>` is an image of its own, `/slow/<n>` the same 50 ms later.
"""

import asyncio
import random

SIZE = 100_000
LATENCY_S = 0.05
NOISE = random.Random(1).randbytes(SIZE)


def image(number: int) -> bytes:
    """Return bytes that begin as a JPEG does, cannot be packed, and differ."""
    start = b"\xff\xd8\xff\xe0" + number.to_bytes(8, "big")
    return start + NOISE[len(start) :]


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split(b" ", 2)[1]
            if path.startswith(b"/slow/"):
                await asyncio.sleep(LATENCY_S)
            body = image(int(path.rpartition(b"/")[2]))
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body)
            )
            writer.write(body)
            await writer.drain()
            if b"connection: close" in head.lower():
                break
    except (OSError, asyncio.IncompleteReadError):
        pass  # the client has what it wanted
    finally:
        writer.close()


async def serve() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
