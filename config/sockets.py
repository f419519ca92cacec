"""WebSockets: let in, handed to their door, and closed whatever becomes of it."""

from config import gate, waiting
from tasks.dialects.asgi import HungUp, Message, Receive, Send
from tasks.dialects.socket import Socket


async def answer(scope: Message, receive: Receive, send: Send) -> None:
    await receive()  # websocket.connect
    socket = Socket(scope, receive, send)
    try:
        gate.let_in_socket(scope)
        await _hand_over(socket)
    except HungUp:
        return
    except Exception as error:  # noqa: BLE001 - the one place where a socket is run
        await _tell(socket, waiting.verdict_of(error))
    finally:
        await socket.end()


async def _hand_over(socket: Socket) -> None:
    found = waiting.find("websocket", socket.path)
    if found is None:
        await socket.refuse(404)  # contract 3.2.4
        return
    with waiting.held.one():
        await found.handler(socket, **found.groups)
        await socket.close()


async def _tell(socket: Socket, verdict: waiting.Verdict) -> None:
    if socket.accepted:
        await socket.close(verdict.code, verdict.message)
    elif not socket.answered:
        try:
            text = verdict.message.encode()
            await socket.refuse(verdict.status, text, headers=verdict.headers)
        except HungUp:
            return
