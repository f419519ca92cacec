"""WebSocket's frames: what the server's own protocol leaves open (contract 3.2.4)."""

from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import (
    WebSocketsSansIOProtocol,
)
from websockets.frames import Frame

EMPTY_CLOSE, NORMAL_CLOSE = b"\x88\x00", b"\x88\x02\x03\xe8"


class Frames(WebSocketsSansIOProtocol):
    """Answers a Close without a code with 1000, and sends until it is on its way."""

    async def send(self, message: Any) -> None:
        """Return when most of a frame has left, so that who sends one knows.

        Raises:
            ClientDisconnected: the client went first.
        """
        await super().send(message)
        if message["type"] == "websocket.send":
            await self.writable.wait()
            if self.disconnected:
                raise ClientDisconnected

    def handle_close(self, event: Frame) -> None:
        if not event.data and not self.close_sent and not self.transport.is_closing():
            answer = b"".join(self.conn.data_to_send())
            if answer.endswith(EMPTY_CLOSE):
                answer = answer.removesuffix(EMPTY_CLOSE) + NORMAL_CLOSE
            self.transport.write(answer)
        super().handle_close(event)
