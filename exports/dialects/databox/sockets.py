"""WS /ws/export: deliveries handed over in frames, and each change pushed (3.2.4)."""

import asyncio
from uuid import UUID

from exports import deliveries
from exports.deliveries import Stage
from exports.dialects.databox import intake, results, wire
from exports.dialects.databox.auth import NotAllowed
from exports.dialects.databox.decode import Undecodable
from exports.dialects.databox.intake import NoSuchRequest, Wanted
from exports.models import Delivery
from tasks.dialects.socket import Socket
from tasks.engine.hub import JobGone, hub
from tasks.errors import Refused
from tasks.models import Client
from tasks.states import FINAL, JobState

METHOD = "GET"
TEXT = {"Content-Type": "text/plain"}


async def export_socket(socket: Socket) -> None:
    try:
        await hub.in_thread(
            intake.let_in, socket.headers, method=METHOD, path=socket.path
        )
    except NotAllowed:
        body = wire.HANDSHAKE_REFUSED.encode()
        await socket.refuse(401, body, headers=TEXT)
        return
    await socket.accept()
    await Talk(socket).run()


class Talk:
    """One socket: its frames one after another, its deliveries side by side."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Answer frames until the client goes, or reads nothing any more."""
        try:
            async with asyncio.TaskGroup() as followers:
                while True:
                    frame = await self._socket.receive()
                    if made := await self._answer(frame):
                        followers.create_task(self._follow(made))
        except ExceptionGroup as several:
            # The first has ended the others, and is what the router knows to tell.
            raise several.exceptions[0] from None

    async def _answer(self, frame: str | bytes) -> Delivery | None:
        """Answer one frame; return the delivery that it made."""
        try:
            wanted = await hub.in_thread(self._judge, frame)
            if wanted.delivery_id is None:
                made = await hub.in_thread(intake.submit, wanted)
                await self._say(wire.told(made.pk, Stage.PENDING))
                return made
            await self._push(wanted.client, wanted.delivery_id)
        except NotAllowed as error:
            await self._say(error.text)
        except NoSuchRequest as error:
            await self._say(wire.not_recognized(error.delivery_id))
        except (Undecodable, Refused) as error:
            await self._say(str(error))
        return None

    def _judge(self, frame: str | bytes) -> Wanted:
        # Whoever was revoked meanwhile is refused, though the socket is open.
        socket = self._socket
        return intake.judge(socket.headers, frame, method=METHOD, path=socket.path)

    async def _follow(self, made: Delivery) -> None:
        try:
            await self._tell_changes(made)
            await self._push(made.client, made.pk)
        except (NoSuchRequest, JobGone):  # collected by another way, or deleted
            await self._say(wire.not_recognized(made.pk))
        except Refused as error:
            await self._say(str(error))

    async def _tell_changes(self, made: Delivery) -> None:
        """Return once it has ended; say before that its turn has come, if it has."""
        client = str(made.client_id)
        async with hub.watching(made.job_id, client=client) as watch:
            job = watch.job
            while job.state == JobState.QUEUED:
                job = await watch.changed(job.rev)
            if job.started_at:
                await self._say(wire.told(made.pk, Stage.PROCESSING))
            while job.state not in FINAL:
                job = await watch.changed(job.rev)

    async def _push(self, client: Client, delivery_id: UUID) -> None:
        """Say how it is; a result that was said is forgotten.

        Raises:
            NoSuchRequest: there is none.
        """
        # In this order: who waits for its turn to speak has claimed nothing yet.
        async with self._one_at_a_time:
            found = await hub.in_thread(results.claimed, client, delivery_id)
            line = results.line_of(found)
            if deliveries.state_of(found) is not Stage.FINISHED:
                await self._socket.send_text(line)
                return
            async with results.handing_out(found):
                await self._socket.send_text(line)

    async def _say(self, text: str) -> None:
        async with self._one_at_a_time:
            await self._socket.send_text(text)
